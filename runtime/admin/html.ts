import { harmless } from '#kit/printable.ts';

/** Text that is HTML already. Only `html` makes one. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type HtmlValue = Html | string | number | undefined | false | readonly HtmlValue[];

/**
 * The one way to HTML. Every value is escaped, for the content of an element and for an attribute in double quotes, and characters that
 * turn the direction of writing or control a terminal are shown as escapes: names and addresses come from strangers. `undefined` and
 * `false` are nothing.
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const parts = compact(strings);
  return new Html(parts.map((part, at) => part + (at < values.length ? written(values[at]) : '')).join(''));
}

const compacted = new WeakMap<TemplateStringsArray, readonly string[]>();

/** Without the indentation of the source. Values keep theirs. */
function compact(strings: TemplateStringsArray): readonly string[] {
  const known = compacted.get(strings);
  if (known !== undefined) return known;
  const parts = strings.map((part) => part.replaceAll(/\s*\n\s*/g, '\n'));
  compacted.set(strings, parts);
  return parts;
}

function written(value: HtmlValue): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return escaped(value);
  return value.map(written).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  // Lone surrogates have no UTF-8.
  return harmless(text.toWellFormed()).replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
