import type { AddressGrammar, OptionFlaw } from '#contract/bus.ts';
import { type AddressPattern, LEVELS, meets, ONE, overlaps, patternOf } from '#kit/address-pattern.ts';
import { levelCodec } from '#kit/level-codec.ts';

// Without the flag u: the pattern is on the path of every message.
const REFUSED = /[\s\u0000-\u001f\u007f-\u009f.*>]/;
const FINE = /^[^\s\u0000-\u001f\u007f-\u009f.*>]+(?:\.[^\s\u0000-\u001f\u007f-\u009f.*>]+)*$/;
const SURROGATE = /[\ud800-\udfff]/;
const BLANK = /[\s\u0000-\u001f\u007f-\u009f]/;
/* eslint-enable no-control-regex */

// A character has at most 3 bytes: the protocol line must stay below the server's max_control_line (4096). A longer one ends
// the connection, and the same message would end the next connection too.
const MAX_CHARACTERS = 1024;

const codec = levelCodec({ escape: '%', refused: REFUSED, refusedFirst: '$', hasEmpty: false });

/** Subjects of NATS: tokens separated by dots. A `$` may be first as literal text of the pipeline file, not from a value. */
export const subjects: AddressGrammar = {
  word: 'subject',
  separator: '.',
  wildcards: { one: '*', levels: '>' },
  encoding:
    '., *, >, white space, control characters and a $ that begins the subject are percent-encoded, nothing at all is written as %, and both are decoded where a token is read',
  ...codec,
  inner: levelCodec({ escape: '%', refused: REFUSED, hasEmpty: false }),
  flaw(address) {
    if (address.length > MAX_CHARACTERS) return `more than ${MAX_CHARACTERS} characters`;
    // A lone surrogate is written as U+FFFD: two addresses would become one.
    if (SURROGATE.test(address) && !address.isWellFormed()) return 'what is no character in Unicode';
    if (FINE.test(address)) return undefined;
    if (BLANK.test(address)) return 'a space or a control character';
    return /[*>]/.test(address) ? 'a wildcard' : 'an empty token';
  },
};

/** The fault of a subject filter, or undefined. */
function filterFlaw(filter: string): string | undefined {
  const tokens = filter.split('.');
  if (tokens.includes('')) return 'an empty token';
  if (BLANK.test(filter)) return 'a space or a control character';
  if (tokens.slice(0, -1).includes('>')) return 'a > before the last token';
  return undefined;
}

/** The pattern of a subject filter: a last `>` matches one or more tokens. */
export function subjectPattern(filter: string): AddressPattern {
  const levels = patternOf(filter, { separator: '.', one: '*', levels: '>' });
  return levels.at(-1) === LEVELS ? [...levels.slice(0, -1), ONE, LEVELS] : levels;
}

/** Whether some subject matches both filters. */
export function overlap(one: string, other: string): boolean {
  return meets(subjectPattern(one), subjectPattern(other));
}

/** Whether a filter matches every subject that another one matches. */
export function includes(wide: string, narrow: string): boolean {
  const all = wide.split('.');
  const some = narrow.split('.');
  for (let level = 0; ; level += 1) {
    const a = all[level];
    const b = some[level];
    if (a === undefined || b === undefined) return a === b;
    if (a === '>') return true;
    if (b === '>' || (a !== '*' && a !== b)) return false;
  }
}

/** The filter that every subject made from a template matches: `tracks.{key}` -> `tracks.*`, `all.{topic.0+}` -> `all.>`. */
export function filterOfTemplate(template: string): string {
  // A doubled brace is a literal one, and a placeholder may contain dots: both are replaced before the split into tokens.
  const marked = template.replaceAll(/\{\{|\}\}|\{[^{}]*\}/g, (found) => {
    if (found === '{{' || found === '}}') return found.slice(1);
    return found.endsWith('+}') ? '\u0001' : '\0';
  });
  const tokens = marked.split('.').map((token) => (token.includes('\0') ? '*' : token));
  const rest = tokens.indexOf('\u0001');
  return (rest === -1 ? tokens : [...tokens.slice(0, rest), '>']).join('.');
}

/** Filters without overlap, as a stream requires, that together match at least every subject of the given ones. */
export function disjoint(filters: readonly string[]): readonly string[] {
  const apart: string[] = [];
  for (let filter of filters) {
    for (;;) {
      const met = apart.findIndex((other) => overlap(other, filter));
      if (met === -1) break;
      const [other = ''] = apart.splice(met, 1);
      filter = filterOver(other, filter);
    }
    apart.push(filter);
  }
  return apart;
}

/** One filter over two that overlap: the wider one, or a new one when neither includes the other. */
function filterOver(one: string, other: string): string {
  if (includes(one, other)) return one;
  if (includes(other, one)) return other;
  const [tokens, others] = [one.split('.'), other.split('.')];
  const made: string[] = [];
  for (const [level, token] of tokens.entries()) {
    const beside = others[level];
    if (token === '>' || beside === '>' || beside === undefined) return [...made, '>'].join('.');
    made.push(token === beside ? token : '*');
  }
  return (others.length > tokens.length ? [...made, '>'] : made).join('.');
}

/** The faults of the `subjects` of a source. */
export function filterFlaws(filters: readonly string[]): OptionFlaw[] {
  const flaws: OptionFlaw[] = [];
  const twins = overlaps(filters.map(subjectPattern));
  for (const [index, filter] of filters.entries()) {
    const path = ['subjects', String(index)];
    const wrong = filterFlaw(filter);
    if (wrong !== undefined) {
      flaws.push({
        where: 'end',
        path,
        expected: 'a subject to read',
        found: wrong,
        write: 'orders.*.new, or orders.>',
      });
    }
    const twin = twins[index];
    if (twin === undefined) continue;
    flaws.push({
      where: 'end',
      path,
      beside: ['subjects', String(twin)],
      expected: 'subjects that do not overlap',
      found: `a message can match both ${filters[twin]} and ${filter}`,
      write: 'the wider of the two alone, or filters that no subject matches both of',
    });
  }
  return flaws;
}
