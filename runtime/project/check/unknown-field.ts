import { asMap } from '#kit/json-value.ts';
import { nearestName } from '#kit/nearest.ts';
import { pointerTo } from '#kit/pointer.ts';
import { oneOf } from './describe.ts';
import type { FindingDraft } from './finding-list.ts';
import { alternatives } from './schema-at.ts';
import type { Catalog } from '#contract/catalog.ts';

/** The names of address options by kind of bus, so that the name of one bus can be translated to another. */
export type AddressWords = ReadonlyMap<string, ReadonlySet<string>>;

export function addressWords({ buses }: Catalog): AddressWords {
  return new Map(
    [...buses].map(([kind, { addressOptions, grammar }]) => [
      kind,
      new Set([grammar.word, `${grammar.word}s`, ...addressOptions]),
    ]),
  );
}

/** The map with the unknown key: its known keys with their schemas, its data, and for an end the kind of its bus. */
export interface Lacking {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly data: Readonly<Record<string, unknown>>;
  readonly bus: string | undefined;
  readonly words: AddressWords;
}

/** An unknown key with the most likely known one: similar in spelling, within a map beneath, or its equivalent on this bus. */
export function unknownField(at: string, key: string, lacking: Lacking): FindingDraft {
  const known = Object.keys(lacking.properties);
  const free = known.filter((name) => !Object.hasOwn(lacking.data, name));
  const near = nearestName(key, free);
  const meant = near === undefined ? otherBusWords(key, lacking, free) : [near];
  const [suggestion, ...more] = meant;
  return {
    code: 'UNKNOWN_FIELD',
    at: pointerTo(at, key),
    side: 'key',
    expected: known.length === 0 ? 'no key here' : oneOf(known),
    found: key,
    write:
      suggestion === undefined
        ? (within(key, lacking, free) ?? `nothing: remove ${key}`)
        : oneOf(meant.map((name) => `${name}:`)),
    suggestion: more.length === 0 ? suggestion : undefined,
  };
}

/** `topic` is `subject` on NATS, and on RabbitMQ `routingKey` or `queue`. */
function otherBusWords(key: string, { bus, words }: Lacking, free: readonly string[]): readonly string[] {
  if (bus === undefined || ![...words.values()].some((of) => of.has(key))) return [];
  return free.filter((name) => words.get(bus)?.has(name));
}

/** `username` beside `sasl` belongs within it. */
function within(key: string, { properties }: Lacking, free: readonly string[]): string | undefined {
  const [only, ...more] = free.flatMap((holder) => {
    const inner = alternatives(asMap(properties[holder])).flatMap((schema) => Object.keys(asMap(schema['properties'])));
    const name = inner.includes(key) ? key : nearestName(key, inner);
    return name === undefined ? [] : [{ holder, name }];
  });
  return only === undefined || more.length > 0 ? undefined : `${only.holder}: { ${only.name}: ... }`;
}
