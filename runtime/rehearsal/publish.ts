import type { Codec } from '#contract/codec.ts';
import type { Frame, Headers } from '#contract/frame.ts';
import { NO_HEADERS } from '#contract/frame.ts';
import type { AddressPattern } from '#contract/reach.ts';
import type { SendOptions } from '#contract/rehearsed.ts';
import { durationOf } from './duration.ts';
import { RehearsalError } from './rehearsal-error.ts';
import { type Inlet, reads, type StandIns } from './stand-ins.ts';

/** Where a message goes in. */
export interface Entrance {
  readonly connection: string;
  /** The routes that read the connection. */
  readonly inlets: readonly Inlet[];
  readonly route: string | undefined;
  readonly address: string | undefined;
}

/** A message that a route gets. */
export interface Published {
  readonly route: string;
  /** Of its delivery. */
  readonly id: string;
  readonly frame: Frame;
}

/** Hands a message to each route that reads its address. Throws RehearsalError where none does, or where the address is needed. */
export function publishTo(
  standIns: StandIns,
  { connection, inlets, route, address }: Entrance,
  make: (inlet: Inlet, address: string) => Frame,
): readonly Published[] {
  const named = route === undefined ? inlets : inlets.filter((inlet) => inlet.route.name === route);
  if (named.length === 0) {
    const names = inlets.map((inlet) => inlet.route.name).join(', ');
    throw new RehearsalError(`expected a route that reads ${connection} (${names}), found ${String(route)}`);
  }
  const at = address ?? theAddress(named, connection);
  const readers = named.filter((inlet) => reads(inlet, at));
  if (readers.length === 0) {
    const filters = named.flatMap(filtersOf).join(', ');
    throw new RehearsalError(`expected an address that a route reads from ${connection} (${filters}), found ${at}`);
  }
  return readers.flatMap((inlet) => {
    const held = standIns.offer(inlet, make(inlet, at));
    return held === undefined ? [] : [{ route: inlet.route.name, id: held.id, frame: held.frame }];
  });
}

/** The one address that is read, where there is one. */
function theAddress(inlets: readonly Inlet[], connection: string): string {
  const all = inlets.flatMap(filtersOf);
  const [first, ...others] = new Set(all);
  if (first !== undefined && others.length === 0 && inlets.every(isFixed)) return first;
  throw new RehearsalError(
    `expected the address of the message, because ${connection} is read at ${all.join(', ')}`,
    'write { address: ... }',
  );
}

function isFixed({ reaches }: Inlet): boolean {
  return reaches.every(({ filter }) => filter.every((level) => typeof level === 'string'));
}

function filtersOf({ bus, reaches }: Inlet): readonly string[] {
  const { separator, wildcards } = bus.grammar;
  const level = (one: AddressPattern[number]): string => {
    if (typeof one === 'string') return one;
    return one === null ? (wildcards?.levels ?? '...') : `${one.begins}${wildcards?.one ?? '*'}${one.ends}`;
  };
  return reaches.map(({ filter }) => filter.map(level).join(separator));
}

export interface FrameParts {
  readonly address: string;
  readonly options: SendOptions;
  readonly nowMs: number;
  readonly codec: Codec;
}

export function frameOf(body: unknown, { address, options, nowMs, codec }: FrameParts): Frame {
  const { key, id, contentType, expires } = options;
  return {
    address,
    key,
    headers: headersOf(options),
    headerTypes: undefined,
    body: bytesOf(body, codec),
    id,
    contentType,
    timestampMs: timeOf(options.at),
    expiresAtMs: expires === undefined ? undefined : nowMs + durationOf(expires),
  };
}

function bytesOf(body: unknown, codec: Codec): Uint8Array | null {
  if (body === null || body instanceof Uint8Array) return body;
  try {
    return codec.encode(body);
  } catch (thrown) {
    const text = `expected a body that the codec ${codec.name} of the source can write, or bytes, found one that it cannot`;
    throw new RehearsalError(`${text}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

function headersOf({ headers = {}, label }: SendOptions): Headers {
  const all = Object.entries(headers).map(
    ([name, value]) => [name, typeof value === 'string' ? [value] : value] as const,
  );
  if (label !== undefined) all.push(['seclabel', [label]]);
  return all.length === 0 ? NO_HEADERS : new Map(all);
}

function timeOf(at: SendOptions['at']): number | undefined {
  if (at === undefined) return undefined;
  const ms = new Date(at).getTime();
  if (!Number.isNaN(ms)) return Math.trunc(ms);
  throw new RehearsalError(
    'expected `at` to be a Date, milliseconds since 1970 or a time of RFC 3339, found another value',
  );
}
