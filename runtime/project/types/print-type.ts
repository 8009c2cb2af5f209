import type { Member, Type } from './schema-type.ts';

/** A declaration of TypeScript, exported. */
export function declaration(name: string, type: Type, description: string | undefined): string {
  const words = comment(description, '');
  if (type.kind === 'object') return `${words}export interface ${name} ${printed(type, '')}\n`;
  return `${words}export type ${name} = ${printed(type, '')};\n`;
}

function printed(type: Type, indent: string): string {
  switch (type.kind) {
    case 'text':
      return type.text;
    case 'either':
      return type.of.map((one) => within(one, indent, ['both'])).join(' | ');
    case 'both':
      return type.of.map((one) => within(one, indent, ['either'])).join(' & ');
    case 'list':
      return `${within(type.of, indent, ['either', 'both'])}[]`;
    case 'tuple':
      return `[${type.of.map((one) => printed(one, indent)).join(', ')}]`;
    case 'object':
      return objectText(type, indent);
  }
}

function within(type: Type, indent: string, apart: readonly Type['kind'][]): string {
  const text = printed(type, indent);
  return apart.includes(type.kind) ? `(${text})` : text;
}

function objectText({ members, further }: Extract<Type, { kind: 'object' }>, indent: string): string {
  const deeper = `${indent}  `;
  const lines = members.map((member) => memberText(member, deeper));
  if (further !== undefined) lines.push(`${deeper}[name: string]: ${printed(further, deeper)};\n`);
  return lines.length === 0 ? '{}' : `{\n${lines.join('')}${indent}}`;
}

function memberText({ name, isRequired, type, description }: Member, indent: string): string {
  const key = /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) ? name : JSON.stringify(name);
  return `${comment(description, indent)}${indent}${key}${isRequired ? '' : '?'}: ${printed(type, indent)};\n`;
}

function comment(text: string | undefined, indent: string): string {
  if (text === undefined) return '';
  const lines = text.replaceAll('*/', String.raw`*\/`).split(/\r?\n/);
  const [first = '', second] = lines;
  if (second === undefined) return `${indent}/** ${first} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
}
