import type { AddressGrammar } from '#contract/bus.ts';
import { CARRIED_HEADERS } from '#contract/carried-headers.ts';
import { nearestName } from '#kit/nearest.ts';
import { oneOf, shown } from './describe.ts';
import type { FindingDraft, FindingList } from './finding-list.ts';
import { isFieldName } from '../../template/header-field.ts';
import { parseTemplate } from '../../template/template.ts';
import type { TemplateField, TemplatePart } from '../../template/template.ts';

/** The addresses of a source's bus, for the checks of templates. */
interface SourceAddresses extends Pick<AddressGrammar, 'word' | 'separator'> {
  readonly name: string;
  readonly readsHeader?: ((name: string) => boolean) | undefined;
}

/** The parts that the messages of a route have, as far as the file determines them. */
export interface TemplateScope {
  /** Undefined where the kind of the source's bus is not known. */
  readonly source: SourceAddresses | undefined;
  readonly hasKey: boolean;
  /** False where the body is bytes or text, which have no fields. */
  readonly bodyHasFields: boolean;
  /** Levels that addresses of the source can have, one number a filter; empty where there is no bound. */
  readonly levels: readonly number[];
  readonly hasHeaders: boolean;
  /** The option to write so that the source has headers. */
  readonly headersNeed: string | undefined;
}

export interface TemplateSite {
  readonly at: string;
  readonly text: string;
  readonly use: 'key' | 'id' | 'address' | 'header' | 'letter';
  /** The reference, which findings show instead of the text. */
  readonly reference: string | undefined;
  /** Of the bus that an address goes to. */
  readonly target: AddressGrammar | undefined;
}

type Draft = Omit<FindingDraft, 'at'>;

// Placeholder for a value while the fixed text is checked: one level without reserved characters.
const HARMLESS = 'x';

/** An unknown field; `instead` is the most likely one where no name is similar. */
function unknownWord(field: TemplateField, word: string, scope: TemplateScope, instead?: string): Draft {
  const levels = scope.source === undefined ? [] : [scope.source.word];
  const near = nearestName(word, ['key', 'id', 'route', 'body', 'header', ...levels]);
  const path = field.written.slice(1 + word.length, -1);
  const suggestion = near === undefined ? instead : `{${near}${path}}`;
  return {
    code: 'TEMPLATE_FIELD',
    expected: oneOf([
      '{key}',
      '{id}',
      '{route}',
      '{body.NAME}',
      '{header.NAME}',
      ...levels.flatMap((name) => [`{${name}.N}`, `{${name}.N+}`]),
    ]),
    found: field.written,
    write: suggestion ?? '{body.NAME} for a field of the body',
    suggestion,
  };
}

/** A known word with too few or too many parts after it: `{body}`, `{key.1}`, `{topic}`, `{topic.x}`. */
function incompleteField(field: TemplateField & { kind: 'unknown' }, scope: TemplateScope): Draft {
  const { word } = field;
  const wanted =
    word === 'body' || word === 'header' ? `{${word}.NAME}` : word === scope.source?.word ? `{${word}.N}` : `{${word}}`;
  const known = ['key', 'id', 'route', 'body', 'header', scope.source?.word].includes(word);
  if (!known) return unknownWord(field, word, scope);
  const what = wanted.endsWith('.N}') ? 'one level of the address, from 0' : 'one value';
  return { code: 'TEMPLATE_FIELD', expected: `${wanted}: ${what}`, found: field.written, write: wanted };
}

function levelFlaw(field: TemplateField & { kind: 'level' | 'rest' }, scope: TemplateScope): Draft | undefined {
  const { source, levels } = scope;
  if (['key', 'id', 'route'].includes(field.word)) return incompleteField({ ...field, kind: 'unknown' }, scope);
  if (source === undefined) return undefined;
  const { word } = source;
  if (field.word !== word)
    return unknownWord(field, field.word, scope, `{${word}.${field.level}${field.kind === 'rest' ? '+' : ''}}`);
  // The rest of an address may be empty.
  const least = field.kind === 'rest' ? field.level : field.level + 1;
  const fitting = levels.filter((count) => least <= count).length;
  if (fitting === levels.length) return undefined;
  const most = Math.max(...levels) - 1;
  if (fitting === 0) {
    const write = `{${word}.${most}} for the last level: they count from 0`;
    return { code: 'TEMPLATE_LEVEL', expected: `a level from 0 to ${most}`, found: field.written, write };
  }
  return {
    code: 'TEMPLATE_LEVEL_SHORT',
    expected: `a level from 0 to ${Math.min(...levels) - 1}, which every filter of the source has`,
    found: field.written,
    write: 'a lower level, or a route for each filter',
  };
}

/** The expected text and the text to write, where no message of the source has a header of this name. */
function headerFlaw(name: string, { source, hasHeaders, headersNeed }: TemplateScope): [string, string] | undefined {
  if (!hasHeaders) {
    const need = headersNeed === undefined ? '' : `, or ${headersNeed}`;
    return ['a route whose source carries headers', `{body.NAME} or a level of the address${need}`];
  }
  if (isFieldName(name)) return undefined;
  if (name.toLowerCase() === CARRIED_HEADERS)
    return [
      `a header of the message, for those in ${CARRIED_HEADERS} are put back at the source`,
      '{header.NAME} of one of them',
    ];
  if (source?.readsHeader?.(name) !== false) return undefined;
  return [
    `a header that is a part of the message, and no word of a ${source.name} server`,
    '{header.msgid} for the id, or a header of the publisher',
  ];
}

function fieldFlaw(field: TemplateField, site: TemplateSite, scope: TemplateScope): Draft | undefined {
  if (field.kind === 'unknown') return incompleteField(field, scope);
  if (field.kind === 'level' || field.kind === 'rest') return levelFlaw(field, scope);
  const wrong = (expected: string, write: string): Draft => ({
    code: 'TEMPLATE_FIELD',
    expected,
    found: field.written,
    write,
  });
  if (field.kind === 'key' && !scope.hasKey) {
    return site.use === 'key'
      ? wrong('a field that makes the key', '{body.NAME} or a level of the address')
      : wrong('a route whose source has a key', 'key: "{body.NAME}" in from, or another field here');
  }
  if (field.kind === 'id' && site.use === 'id')
    return wrong('a field that makes the id', '{body.NAME} or {header.NAME}');
  if (field.kind === 'body' && site.use === 'letter')
    return wrong('a field that a letter has whatever is wrong with its body', '{route}, {key} or {header.NAME}');
  if (field.kind === 'body' && !scope.bodyHasFields) {
    return wrong('a body with fields', 'codec: json in from, or a field that is not of the body');
  }
  if (field.kind === 'header') {
    const flaw = headerFlaw(field.name, scope);
    return flaw && wrong(...flaw);
  }
  return undefined;
}

/** The rest of an address is whole levels and cannot be part of one. */
function restFlaw(parts: readonly TemplatePart[], { separator, word }: AddressGrammar): Draft | undefined {
  for (const [at, part] of parts.entries()) {
    if (typeof part === 'string' || part.kind !== 'rest') continue;
    const [before = separator, after = separator] = [parts[at - 1], parts[at + 1]];
    const stands = (text: TemplatePart, isBefore: boolean): boolean =>
      typeof text === 'string' && (isBefore ? text.endsWith(separator) : text.startsWith(separator));
    if (stands(before, true) && stands(after, false)) continue;
    return {
      code: 'TEMPLATE_REST',
      offset: part.offset,
      expected: `${part.written} between separators of the ${word}, for it is whole levels`,
      found: 'it beside other text',
      write: `mirror${separator}${part.written}`,
    };
  }
  return undefined;
}

function addressFlaw(parts: readonly TemplatePart[], target: AddressGrammar): Draft | undefined {
  const fixed = parts.map((part) => (typeof part === 'string' ? part : HARMLESS)).join('');
  const flaw = target.flaw(fixed);
  if (flaw === undefined) return undefined;
  return {
    code: 'TEMPLATE_ADDRESS',
    expected: `a ${target.word} to publish to`,
    found: `one with a flaw: ${flaw}`,
    write: `a ${target.word} without it; a value from the message needs no care, it is encoded`,
  };
}

/** Checks one template: its syntax, each of its fields, and for an address its fixed text. */
export function checkTemplate(site: TemplateSite, scope: TemplateScope, findings: FindingList): void {
  const { at, text, reference, target } = site;
  // The text of a reference is not shown, and its characters have no position in the file.
  const report = (draft: Draft): void => {
    if (reference === undefined) findings.add({ at, ...draft });
    else
      findings.add({
        at,
        code: draft.code,
        expected: draft.expected ?? '',
        found: `${reference}, whose content is something else (it is not shown)`,
        write: 'a template that fits where the reference leads',
      });
  };
  const parsed = parseTemplate(text);
  if ('flaw' in parsed) {
    report({ code: 'TEMPLATE_SYNTAX', ...parsed.flaw, found: `${parsed.flaw.found} in ${shown(text)}` });
    return;
  }
  for (const part of parsed.parts) {
    const flaw = typeof part === 'string' ? undefined : fieldFlaw(part, site, scope);
    if (flaw !== undefined && typeof part !== 'string') report({ ...flaw, offset: part.offset });
  }
  const flaw = target === undefined ? undefined : (restFlaw(parsed.parts, target) ?? addressFlaw(parsed.parts, target));
  if (flaw !== undefined) report(flaw);
}
