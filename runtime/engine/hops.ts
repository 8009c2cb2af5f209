import { SluiceError } from '#contract/errors.ts';
import { type Frame, type Headers, type HeaderTypes, HOPS } from '#contract/frame.ts';
import type { InFlight } from './in-flight.ts';
import type { Route } from './route.ts';

const COUNT = /^\d+$/;
const TEXTUAL: ReadonlySet<string | undefined> = new Set([undefined, 'text', 'integer', 'number']);

/** What a message without headers goes out with, by its count: most have passed one route. */
const ALONE: Headers[] = [];

function isHops(name: string): boolean {
  return name.length === HOPS.length && name.toLowerCase() === HOPS;
}

/**
 * How many routes the frame has passed, of this bridge and of others. The header may be anybody's: its name is read in
 * any case, the highest of several counts stands, and what is no whole number counts nothing.
 */
export function hopsOf({ headers, headerTypes }: Pick<Frame, 'headers' | 'headerTypes'>): number {
  let hops = 0;
  for (const [name, values] of headers) {
    if (!isHops(name)) continue;
    const types = headerTypes?.get(name);
    for (const [at, value] of values.entries()) {
      if (TEXTUAL.has(types?.[at]) && COUNT.test(value)) hops = Math.max(hops, Number(value));
    }
  }
  return hops;
}

/** Refuses what has passed as many routes as it may: it runs in a circle. A letter that comes back begins anew. */
export function countHops({ maxHops }: Route, inFlight: InFlight): void {
  const { frame, replay } = inFlight.delivery;
  inFlight.hops = replay === undefined ? hopsOf(frame) : 0;
  if (inFlight.hops < maxHops) return;
  throw new SluiceError(
    'LOOP_DETECTED',
    `expected a message that has passed less than ${maxHops} routes, found one that has passed ${inFlight.hops}`,
    { place: { stage: 'decode' } },
  );
}

/** The headers with this count, and no other. */
export function withHops(headers: Headers, hops: number): Headers {
  if (headers.size === 0 && hops < 256) return (ALONE[hops] ??= new Map([[HOPS, [String(hops)]]]));
  const counted = new Map<string, readonly string[]>();
  for (const [name, values] of headers) if (!isHops(name)) counted.set(name, values);
  return counted.set(HOPS, [String(hops)]);
}

/** The types of headers without those that were written anew: they are text. */
export function typesLeft(types: HeaderTypes | undefined, written: Iterable<string>): HeaderTypes | undefined {
  if (types === undefined) return undefined;
  const left = new Map(types);
  for (const name of written) left.delete(name);
  for (const name of types.keys()) if (isHops(name)) left.delete(name);
  return left;
}
