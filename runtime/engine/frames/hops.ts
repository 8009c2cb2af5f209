import { type Frame, type Headers, type HeaderTypes, HOPS } from '#contract/frame.ts';

const COUNT = /^\d+$/;
const TEXTUAL: ReadonlySet<string | undefined> = new Set([undefined, 'text', 'integer', 'number']);

/** The headers of a message that has no others, by hop count: most messages have passed one route. */
const ALONE: Headers[] = [];

function isHops(name: string): boolean {
  return name.length === HOPS.length && name.toLowerCase() === HOPS;
}

/**
 * The number of routes that the frame has passed, of this bridge and of others. Any publisher may set the header: its
 * name is read in any case, the highest of several counts is taken, and a value that is no whole number is ignored.
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

/**
 * The headers with this hop count in place of any other. `traceparent`: the trace context that they get, in place of one that did
 * not count; undefined leaves it as it is.
 */
export function withHops(headers: Headers, hops: number, traceparent?: string): Headers {
  if (headers.size === 0 && hops < 256 && traceparent === undefined)
    return (ALONE[hops] ??= new Map([[HOPS, [String(hops)]]]));
  const counted = new Map<string, readonly string[]>();
  for (const [name, values] of headers) if (!isHops(name)) counted.set(name, values);
  if (traceparent !== undefined) {
    counted.set('traceparent', [traceparent]);
    counted.delete('tracestate');
  }
  return counted.set(HOPS, [String(hops)]);
}

/** The header types without those of the headers that this route has written: these are text. */
export function typesLeft(types: HeaderTypes, written: Iterable<string>): HeaderTypes {
  const left = new Map(types);
  for (const name of written) left.delete(name);
  for (const name of types.keys()) if (isHops(name)) left.delete(name);
  return left;
}
