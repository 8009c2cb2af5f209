import { isDuration, isSize } from '../check/describe.ts';
import type { Section } from './sections.ts';
import type { Resolved } from './references.ts';
import { judges } from './resolved-document.ts';
import { admits } from '../check/schema-at.ts';
import type { JsonSchema } from '../json-schema.ts';

// A shorter text is no secret, and replacing `a` or `1` would garble every sentence.
const SHORTEST = 4;
/** The most characters of a regular expression: the engine refuses larger ones. */
const MOST_IN_PATTERN = 10_000;

/** Free text, which may be a secret: neither one of a few choices nor a quantity. */
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
 * Replaces the values of references in a driver's text by the references. Drivers must not echo options; this is the second
 * line of defence.
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
