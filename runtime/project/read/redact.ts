import { isDuration, isSize } from '../check/describe.ts';
import type { Section } from './sections.ts';
import type { Resolved } from './references.ts';
import { judges } from './resolved-document.ts';
import { admits } from '../check/schema-at.ts';
import type { JsonSchema } from '../json-schema.ts';

// Shorter is no secret, and an `a` or a `1` would garble every sentence.
const SHORTEST = 4;
/** Characters of a regular expression: the engine refuses one that is too large. */
const MOST_IN_PATTERN = 10_000;

/** Text that is free, and may so be a secret: not one of a few choices, not a quantity. */
function isFreeText(schema: JsonSchema): boolean {
  return admits(schema, '') && !('enum' in schema) && !isDuration(schema) && !isSize(schema);
}

/** User and password of a URL: a driver that shows the host may show them too. */
function identityIn(text: string): readonly string[] {
  const identity = /\/\/([^/@\s]+)@/.exec(text)?.[1] ?? '';
  return [identity, ...identity.split(':')].filter(({ length }) => length >= SHORTEST);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);
}

/**
 * Replaces in a driver's own words what came by reference by the reference. Drivers are asked not to echo options;
 * this is the second line.
 */
export function redactor(
  resolved: ReadonlyMap<string, Resolved>,
  sections: readonly Section[],
): (text: string) => string {
  const contents = new Map<string, string>();
  for (const [pointer, { text, written }] of resolved) {
    if (text === undefined || text.length < SHORTEST) continue;
    const schemas = judges(pointer, sections);
    if (schemas.length > 0 && !schemas.some(isFreeText)) continue;
    for (const secret of [text, JSON.stringify(text).slice(1, -1), ...identityIn(text)]) contents.set(secret, written);
  }
  if (contents.size === 0) return (text) => text;
  // The longest first: one content may hold another.
  const longestFirst = [...contents.keys()].toSorted((a, b) => b.length - a.length);
  if (longestFirst.reduce((sum, secret) => sum + secret.length, 0) > MOST_IN_PATTERN) {
    return (text) =>
      longestFirst.reduce((redacted, secret) => redacted.replaceAll(secret, () => contents.get(secret) ?? '...'), text);
  }
  const any = new RegExp(longestFirst.map(escaped).join('|'), 'g');
  return (text) => text.replaceAll(any, (match) => contents.get(match) ?? '...');
}
