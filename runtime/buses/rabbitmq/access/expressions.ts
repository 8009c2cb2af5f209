import type { AddressPattern } from '#contract/reach.ts';
import { LEVELS, type PatternLevel } from '#kit/address-pattern.ts';

/** A name as the expression that matches it alone. */
export function literally(name: string): string {
  return name.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
}

/** The expression of a pattern of routing keys, without anchors. */
export function expressionOf(pattern: AddressPattern): string {
  if (pattern.length === 1 && pattern[0] === LEVELS) return '.*';
  let made = '';
  let dot = '';
  for (const [at, level] of pattern.entries()) {
    if (level === LEVELS) {
      // None, or some words with the dots that separate them from their neighbours.
      made += at === 0 ? String.raw`(.*\.)?` : String.raw`(\..*)?`;
      if (at === 0) continue;
    } else made += dot + wordOf(level);
    dot = String.raw`\.`;
  }
  return made;
}

function wordOf(level: Exclude<PatternLevel, null>): string {
  return typeof level === 'string' ? literally(level) : `${literally(level.begins)}[^.]*${literally(level.ends)}`;
}

/** A text that one of these expressions matches. */
export function exampleOf(expression: string): string {
  return expression
    .replaceAll('[0-9a-f]{16}', '0123456789abcdef')
    .replaceAll('[^.]*', 'sluice-acl')
    .replaceAll(String.raw`(.*\.)?`, '')
    .replaceAll(String.raw`(\..*)?`, '')
    .replaceAll('.*', 'sluice-acl')
    .replaceAll(/\\(.)/g, '$1');
}

/** One expression for all, anchored: the server looks for a match anywhere in a name. Nothing matches the one of none. */
export function anyOf(expressions: readonly string[]): string {
  const all = [...new Set(expressions)];
  const [only = ''] = all;
  return all.length === 1 ? `^${only}$` : `^(${all.join('|')})$`.replace('^()$', '^$');
}
