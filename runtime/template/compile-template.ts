import type { AddressGrammar } from '#contract/bus.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Template, TemplateView } from '#contract/template.ts';
import { headerGetter } from './header-field.ts';
import { parseTemplate } from './template.ts';
import type { TemplateField, TemplatePart } from './template.ts';

export interface TemplateUse {
  readonly route: string;
  /** Grammar of the addresses of the source's bus. */
  readonly source: Pick<AddressGrammar, 'separator' | 'decode' | 'inner'>;
  /** Of the bus that the text becomes an address of; undefined for a key, an id or a header, which have no grammar. */
  readonly target: Pick<AddressGrammar, 'separator' | 'encode' | 'inner'> | undefined;
  /** The code of the error that a missing value throws. */
  readonly missing: 'KEY_MISSING' | 'SEQUENCE_INVALID' | 'TIMESTAMP_MISSING' | 'ADDRESS_INVALID' | 'HEADER_MISSING';
  /** The header that the text becomes the value of, for that error. */
  readonly header?: string;
}

type Getter = (view: TemplateView) => unknown;

/** The offset of level `level` in an address; undefined where it has no such level. */
function startOf(address: string, separator: string, level: number): number | undefined {
  let start = 0;
  for (let passed = 0; passed < level; passed += 1) {
    const next = address.indexOf(separator, start);
    if (next === -1) return undefined;
    start = next + separator.length;
  }
  return start;
}

/** Level `level` of an address, without splitting it. */
function levelOf(address: string, separator: string, level: number): string | undefined {
  const start = startOf(address, separator, level);
  if (start === undefined) return undefined;
  const end = address.indexOf(separator, start);
  return end === -1 ? address.slice(start) : address.slice(start, end);
}

/** The decoder of a level of the source's addresses; the first one may have rules of its own. */
function decoderOf({ source }: TemplateUse, level: number): (text: string) => string {
  return level === 0 ? source.decode : (source.inner ?? source).decode;
}

/** The encoder of a value for an address of the target, at its beginning or after other text. */
function encoderOf({ target }: TemplateUse, isFirst: boolean): ((value: string) => string) | undefined {
  return isFirst ? target?.encode : (target?.inner ?? target)?.encode;
}

/** That level and all after it, encoded for the target; unchanged in a key, id or header. Undefined for none. */
function restOf(address: string, level: number, use: TemplateUse, isFirst: boolean): string | undefined {
  const { source, target } = use;
  const start = startOf(address, source.separator, level);
  const rest = start === undefined ? undefined : address.slice(start);
  if (rest === undefined || target === undefined) return rest;
  return rest
    .split(source.separator)
    .map((each, at) => encoderOf(use, isFirst && at === 0)?.(decoderOf(use, level + at)(each)) ?? each)
    .join(target.separator);
}

// Own properties only: `{body.constructor}` is a missing value, not a function of the runtime.
function own(holder: unknown, name: string): unknown {
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, name)) return undefined;
  return Reflect.get(holder, name);
}

function bodyGetter(path: readonly string[]): Getter {
  const [first = '', second] = path;
  if (path.length === 1) return (view) => own(view.body, first);
  if (path.length === 2 && second !== undefined) return (view) => own(own(view.body, first), second);
  return (view) => {
    let value = view.body;
    for (const name of path) value = own(value, name);
    return value;
  };
}

function getter(field: TemplateField, use: TemplateUse, isFirst: boolean): Getter {
  switch (field.kind) {
    case 'key':
      return (view) => view.key;
    case 'id':
      return (view) => view.id;
    case 'route':
    case 'unknown':
      // The route's name is already fixed text; the check refuses unknown fields.
      return () => undefined;
    case 'level': {
      const { separator } = use.source;
      const { level } = field;
      const decode = decoderOf(use, level);
      return (view) => {
        const found = levelOf(view.address, separator, level);
        return found === undefined ? undefined : decode(found);
      };
    }
    case 'rest':
      return (view) => restOf(view.address, field.level, use, isFirst);
    case 'body':
      return bodyGetter(field.path);
    case 'header':
      return headerGetter(field.name);
    default:
      return field satisfies never;
  }
}

function refuse(field: TemplateField, value: unknown, use: TemplateUse): never {
  const found =
    value === undefined || value === null
      ? 'none'
      : value === ''
        ? 'an empty text'
        : typeof value === 'object'
          ? 'a map or a list'
          : `a ${typeof value} that is no text`;
  const wanted = use.header === undefined ? field.written : `${field.written}, which header ${use.header} is set from`;
  throw new SluiceError(use.missing, `expected a value for ${wanted}, found ${found}`);
}

/** The value as text; throws where the message has none. */
function fieldText(field: TemplateField, use: TemplateUse, isFirst: boolean): Template {
  const get = getter(field, use, isFirst);
  const encode = encoderOf(use, isFirst);
  const mayBeEmpty = field.kind === 'level' || field.kind === 'rest' || field.kind === 'key';
  return (view) => {
    const value = get(view);
    if (typeof value === 'string') {
      // A bus may have empty keys and levels, and two of its messages must stay distinct. In all other fields empty is missing.
      if (value === '' && !mayBeEmpty) return refuse(field, value, use);
      return encode === undefined ? value : encode(value);
    }
    if (typeof value === 'number' && Number.isFinite(value)) {
      const text = String(value);
      return encode === undefined || (value >= 0 && Number.isSafeInteger(value)) ? text : encode(text);
    }
    if (typeof value === 'boolean' || typeof value === 'bigint')
      return encode === undefined ? String(value) : encode(String(value));
    return refuse(field, value, use);
  };
}

/** Fixed texts joined, fields as functions. */
function stepsOf(parts: readonly TemplatePart[], use: TemplateUse): readonly (string | Template)[] {
  const steps: (string | Template)[] = [];
  let skip = '';
  // Fields may be empty: only after fixed text it is certain that a value does not begin the address.
  let isFirst = true;
  for (const [at, part] of parts.entries()) {
    const last = steps.at(-1);
    if (typeof part !== 'string' && part.kind === 'rest' && use.target !== undefined) {
      const { separator } = use.target;
      const isBehind = typeof last === 'string' && last.endsWith(separator);
      if (isBehind) steps[steps.length - 1] = last.slice(0, -separator.length);
      else if (begins(parts[at + 1], separator)) skip = separator;
      steps.push(restText(part.level, use, isFirst, { before: isBehind ? separator : '', after: skip }));
      continue;
    }
    const step = typeof part === 'string' ? part.slice(skip.length) : fixedOrField(part, use, isFirst);
    skip = '';
    if (typeof step === 'string' && step !== '') isFirst = false;
    if (typeof step === 'string' && typeof last === 'string') steps[steps.length - 1] = last + step;
    else steps.push(step);
  }
  return steps;
}

function begins(part: TemplatePart | undefined, separator: string): boolean {
  return typeof part === 'string' && part.startsWith(separator);
}

function fixedOrField(field: TemplateField, use: TemplateUse, isFirst: boolean): string | Template {
  return field.kind === 'route' ? (use.target?.encode(use.route) ?? use.route) : fieldText(field, use, isFirst);
}

/** The rest of the address with the separator beside it, which is left out where there is no rest. */
function restText(
  level: number,
  use: TemplateUse,
  isFirst: boolean,
  separators: { readonly before: string; readonly after: string },
): Template {
  return ({ address }) => {
    const rest = restOf(address, level, use, isFirst);
    return rest === undefined ? '' : separators.before + rest + separators.after;
  };
}

/**
 * Compiles a checked template to a function for the hot path. The function throws a SluiceError of code `use.missing`
 * when the message lacks a value; its text never holds a value. Every value is encoded for the target, so it can add no
 * level, no wildcard and no reserved prefix. Throws RangeError on a text that the check would have refused.
 */
export function compileTemplate(text: string, use: TemplateUse): Template {
  const parsed = parseTemplate(text);
  if ('flaw' in parsed)
    throw new RangeError(`not a template: expected ${parsed.flaw.expected}, found ${parsed.flaw.found}`);
  const steps = stepsOf(parsed.parts, use);
  const [first, second, third, ...more] = steps;
  // The usual shapes without a loop: fixed, {x}, fixed{x}, {x}fixed, fixed{x}fixed.
  if (more.length === 0) {
    if (first === undefined) return () => '';
    if (typeof first === 'string' && second === undefined) return () => first;
    if (typeof first === 'function' && second === undefined) return first;
    if (typeof first === 'string' && typeof second === 'function') {
      if (third === undefined) return (view) => first + second(view);
      if (typeof third === 'string') return (view) => first + second(view) + third;
    }
    if (typeof first === 'function' && typeof second === 'string' && third === undefined)
      return (view) => first(view) + second;
  }
  return (view) => {
    let out = '';
    for (const step of steps) out += typeof step === 'string' ? step : step(view);
    return out;
  };
}
