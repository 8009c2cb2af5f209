import type { AddressGrammar } from '#contract/bus.ts';
import { parseTemplate } from '../template/template.ts';

type Levels = Pick<AddressGrammar, 'separator' | 'wildcards'>;

/** An address that the filter matches: the key in its level, the word for each other wildcard. */
export function addressUnder(
  filter: string,
  { separator, wildcards }: Levels,
  keyLevel: number | undefined,
  word: string,
): string {
  if (wildcards === undefined) return filter;
  const { one, levels: rest } = wildcards;
  const levels = filter.split(separator);
  const last = levels.length - 1;
  // A last wildcard stands for as many levels as the key needs.
  if (levels[last] === rest && keyLevel !== undefined) while (levels.length <= keyLevel) levels.push(rest);
  return levels
    .map((level, at) => (level !== one && level !== rest ? level : at === keyLevel ? '{key}' : word))
    .join(separator);
}

/** Each level that depends on the message becomes a wildcard: a value never makes two levels, except for the rest of an address. */
export function filterOver(template: string, { separator, wildcards }: Levels): string {
  if (wildcards === undefined) return template;
  const { one, levels: rest } = wildcards;
  const parsed = parseTemplate(template);
  const parts = 'parts' in parsed ? parsed.parts : [template];
  const levels = parts
    .map((part) => (typeof part === 'string' ? part : part.kind === 'rest' ? '\u{1}' : '\u{0}'))
    .join('')
    .split(separator)
    .map((level) => (level.includes('\u{0}') ? one : level));
  const from = levels.indexOf('\u{1}');
  return (from === -1 ? levels : [...levels.slice(0, from), rest]).join(separator);
}
