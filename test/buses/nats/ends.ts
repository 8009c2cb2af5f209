import type { BusContext, BusEvent } from '#contract/bus.ts';
import type { Delivery } from '#contract/delivery.ts';
import { ACCEPT } from '#contract/delivery.ts';
import { type Frame, NO_HEADERS } from '#contract/frame.ts';
import type { Room, Source } from '#contract/source.ts';
import { waitFor } from '../../harness/wait-for.ts';

export const DEADLINE_MS = 20_000;
export const WINDOW: Room = { messages: 256, bytes: 16 * 1024 ** 2 };

/** A context that remembers what was reported. */
export interface RecordedContext extends BusContext {
  readonly events: BusEvent[];
  readonly stop: AbortController;
  /** Waits for a problem or notice of that code. */
  reported(code: string, deadlineMs?: number): Promise<string>;
}

export function recordedContext(overrides: Partial<BusContext> = {}): RecordedContext {
  const events: BusEvent[] = [];
  const stop = new AbortController();
  const codeOf = (event: BusEvent): string | undefined =>
    event.kind === 'problem' ? event.error.code : event.kind === 'notice' ? event.code : undefined;
  const textOf = (event: BusEvent): string =>
    event.kind === 'problem' ? event.error.message : event.kind === 'notice' ? event.text : event.detail;
  return {
    pipeline: 'fleet',
    route: 'positions',
    connection: 'hub',
    direction: 'source',
    window: WINDOW,
    signal: stop.signal,
    ...overrides,
    events,
    stop,
    report: (event) => events.push(event),
    async reported(code, deadlineMs = DEADLINE_MS) {
      const event = await waitFor(() => events.find((each) => codeOf(each) === code), deadlineMs, `a report of ${code}`);
      return textOf(event);
    },
  };
}

export function frameOf(address: string, body: string, rest: Partial<Frame> = {}): Frame {
  return {
    address,
    key: undefined,
    headers: NO_HEADERS,
    body: Buffer.from(body),
    id: undefined,
    contentType: undefined,
    timestampMs: undefined,
    expiresAtMs: undefined,
    ...rest,
  };
}

export const connectionTo = (url: string | readonly string[]) => ({
  url,
  connectTimeout: '4s',
  keepAlive: '15s',
  create: false,
});

/** Reads until `count` deliveries are there; the test settles them. */
export async function take(source: Source, count: number, room: Room = WINDOW): Promise<Delivery[]> {
  const taken: Delivery[] = [];
  const late = AbortSignal.timeout(DEADLINE_MS);
  while (taken.length < count) {
    // eslint-disable-next-line no-await-in-loop -- one read after the other is the contract
    const read = await source.read({ ...room, messages: Math.min(room.messages, count - taken.length) }, late);
    if (late.aborted) throw new Error(`read ${taken.length} of ${count} deliveries within ${DEADLINE_MS} ms`);
    taken.push(...read);
  }
  return taken;
}

/** Reads and accepts. */
export async function accept(source: Source, count: number): Promise<Delivery[]> {
  const taken = await take(source, count);
  for (const delivery of taken) delivery.settle(ACCEPT);
  return taken;
}

export const textOf = ({ frame }: Delivery): string => Buffer.from(frame.body).toString();
