import type { Resolved } from './references.ts';

const SHORT = 4;

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);
}

/**
 * Replaces in a text of a driver's own what came by reference by the reference. A driver is asked not to echo
 * options; this is the second line. Very short contents only go as whole words, or a `1` would garble every number.
 */
export function redactor(resolved: ReadonlyMap<string, Resolved>): (text: string) => string {
  const contents = new Map<string, string>();
  for (const { text, written } of resolved.values()) {
    if (text === undefined || text === '') continue;
    contents.set(text, written);
    contents.set(JSON.stringify(text).slice(1, -1), written);
  }
  if (contents.size === 0) return (text) => text;
  // The longest first: one content may hold another.
  const patterns = [...contents.keys()]
    .toSorted((a, b) => b.length - a.length)
    .map((text) => (text.length < SHORT ? `(?<!\\w)${escaped(text)}(?!\\w)` : escaped(text)));
  const any = new RegExp(patterns.join('|'), 'g');
  return (text) => text.replaceAll(any, (match) => contents.get(match) ?? '...');
}
