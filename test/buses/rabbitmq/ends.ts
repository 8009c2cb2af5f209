import assert from 'node:assert/strict';
import { afterEach } from 'node:test';
import { type Channel, connect, type ConsumeMessage, type Options } from 'amqplib';
import type { BusContext, BusEvent } from '#contract/bus.ts';
import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import { SluiceError } from '#contract/errors.ts';
import { type Frame, NO_HEADERS } from '#contract/frame.ts';
import type { Checkpoint } from '#contract/checkpoint.ts';
import type { Receipt, Sink } from '#contract/sink.ts';
import type { Demand, Source } from '#contract/source.ts';
import { rabbitmq } from '../../../runtime/buses/rabbitmq/index.ts';
import type { RabbitConnection, RabbitFrom, RabbitTo } from '../../../runtime/buses/rabbitmq/options.ts';
import { withDefaults } from '../../conformance/fixture.ts';
import { newCheckpoint } from '../../harness/checkpoint.ts';
import { patient } from '../../harness/patience.ts';
import { type RabbitMqDoor, vhostOf } from '../../harness/rabbitmq-door.ts';
import { sharedRabbitMq } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';

export const DEADLINE_MS = 20_000;
export const WINDOW: Demand = { messages: 256, bytes: 16 * 1024 ** 2 };
export const NEEDS = ['rabbitmq'] as const;

/** The run's node; `url` leads to a virtual host that a file has to itself. */
export interface Home extends RabbitMqDoor {
  readonly port: number;
  readonly vhost: string;
}

/** One virtual host for all tests of a file. */
export function oneHome(): () => Promise<Home> {
  let making: Promise<Home> | undefined;
  const make = async (): Promise<Home> => {
    const server = await sharedRabbitMq();
    const url = await server.freshVhost();
    return { ...server, url, vhost: vhostOf(url) };
  };
  return () => (making ??= make());
}

/** What a test may want otherwise than the defaults. */
interface Wanted {
  readonly connection?: Partial<RabbitConnection>;
  readonly route?: string;
  readonly window?: Partial<Demand>;
  /** As for classes that let no older message of a key follow a newer one. */
  readonly isFenced?: boolean;
  readonly checkpoint?: Checkpoint;
}

/** A context that remembers what was reported. */
export interface Recorded {
  readonly context: BusContext;
  readonly events: BusEvent[];
  readonly stop: AbortController;
  /** Waits for a problem, notice or loss of that code; its text. */
  readonly reported: (code: string) => Promise<string>;
  /** Waits for one more of that kind than there are now. */
  readonly hears: (kind: BusEvent['kind']) => Promise<void>;
}

function recorded(
  direction: 'source' | 'sink',
  { route = 'r', window, isFenced = false, checkpoint = newCheckpoint() }: Wanted,
): Recorded {
  const events: BusEvent[] = [];
  const stop = new AbortController();
  const codeOf = (event: BusEvent): string | undefined =>
    event.kind === 'problem' ? event.error.code : 'code' in event ? event.code : undefined;
  return {
    events,
    stop,
    context: {
      pipeline: 'test',
      route,
      connection: 'work',
      direction,
      window: { ...WINDOW, ...window },
      isFenced,
      checkpoint,
      signal: stop.signal,
      report: (event) => void events.push(event),
    },
    async reported(code) {
      const found = await waitFor(
        () => events.find((event) => codeOf(event) === code),
        DEADLINE_MS,
        `a report of ${code}`,
      );
      return found.kind === 'problem' ? found.error.message : 'text' in found ? found.text : found.detail;
    },
    async hears(kind) {
      const from = events.length;
      await waitFor(() => events.slice(from).some((event) => event.kind === kind), DEADLINE_MS, `a report of ${kind}`);
    },
  };
}

const closers = new Set<() => Promise<unknown>>();
afterEach(async () => {
  const closing = [...closers];
  closers.clear();
  await Promise.allSettled(closing.map((close) => close()));
});

/** An end that is being opened, or is open; closed after the test, if the test does not. */
export interface Opening<End> extends Recorded {
  readonly opened: Promise<End>;
}

function opening<End extends { close(): Promise<void> }>(heard: Recorded, opened: Promise<End>): Opening<End> {
  opened.catch(() => {});
  closers.add(async () => {
    heard.stop.abort();
    await opened.then(
      (end) => end.close(),
      () => {},
    );
  });
  return { ...heard, opened };
}

const connectionTo = (url: string, { connection }: Wanted): RabbitConnection =>
  withDefaults(rabbitmq.connectionSchema, { keepAlive: '2s', url, ...connection }) as RabbitConnection;

export function openingSource(url: string, from: Partial<RabbitFrom>, wanted: Wanted = {}): Opening<Source> {
  const heard = recorded('source', wanted);
  const end = withDefaults(rabbitmq.sourceSchema, from) as RabbitFrom;
  return opening(heard, rabbitmq.openSource({ connection: connectionTo(url, wanted), end }, heard.context));
}

export function openingSink(url: string, to: Partial<RabbitTo>, wanted: Wanted = {}): Opening<Sink> {
  const heard = recorded('sink', wanted);
  const end = withDefaults(rabbitmq.sinkSchema, to) as RabbitTo;
  return opening(heard, rabbitmq.openSink({ connection: connectionTo(url, wanted), end }, heard.context));
}

export async function source(
  ...args: Parameters<typeof openingSource>
): Promise<Opening<Source> & { readonly end: Source }> {
  const opened = openingSource(...args);
  return { ...opened, end: await opened.opened };
}

export async function sink(...args: Parameters<typeof openingSink>): Promise<Opening<Sink> & { readonly end: Sink }> {
  const opened = openingSink(...args);
  return { ...opened, end: await opened.opened };
}

/** What an opening complains of, by code. */
export async function complaint(
  url: string,
  code: string,
  connection: Partial<RabbitConnection> = {},
): Promise<string> {
  const attempt = openingSource(url, { queue: 'q' }, { connection });
  const text = await attempt.reported(code);
  attempt.stop.abort();
  await assert.rejects(attempt.opened);
  return text;
}

/** A client of the test's own, closed after it. What the server refuses is what the test wanted to see. */
export async function channelTo(url: string): Promise<Channel> {
  const connection = await connect(url);
  connection.on('error', () => {});
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => {});
  closers.add(() => connection.close());
  return channel;
}

/** The next message of a queue, as it lies there. */
export async function fetched(channel: Channel, queue: string): Promise<ConsumeMessage> {
  const message = await waitFor(() => channel.get(queue, { noAck: true }), DEADLINE_MS, `a message in ${queue}`);
  return message as unknown as ConsumeMessage;
}

/** Waits until the server has so many messages ready in the queue. */
export async function holds(channel: Channel, queue: string, count: number): Promise<void> {
  const ready = async (): Promise<boolean> => (await channel.checkQueue(queue)).messageCount === count;
  await waitFor(ready, DEADLINE_MS, `${count} messages in ${queue}`);
}

export function frameOf(address: string, body: string, more: Partial<Frame> = {}): Frame {
  return {
    address,
    key: undefined,
    headers: NO_HEADERS,
    headerTypes: undefined,
    body: Buffer.from(body),
    id: undefined,
    contentType: undefined,
    timestampMs: undefined,
    expiresAtMs: undefined,
    ...more,
  };
}

export async function take(end: Source, count: number): Promise<Delivery[]> {
  const taken: Delivery[] = [];
  const late = AbortSignal.timeout(patient(DEADLINE_MS));
  while (taken.length < count) {
    const read = await end.read({ ...WINDOW, messages: count - taken.length }, late);
    if (read.length === 0) throw new Error(`read ${taken.length} of ${count} deliveries in time`);
    taken.push(...read);
  }
  return taken;
}

export const textOf = ({ frame }: Delivery): string => Buffer.from(frame.body ?? []).toString();

/** The receipt, or the error, thrown or rejected. */
export async function outcomeOf(send: () => Promise<Receipt>): Promise<Receipt | SluiceError> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
}

/** Sends until it is confirmed, as the engine does after a fault of the bus. */
export async function sendThrough(end: Sink, frame: Frame): Promise<void> {
  await waitFor(
    async () => {
      const outcome = await outcomeOf(() => end.send(frame));
      if (outcome instanceof SluiceError && outcome.scope === 'message') throw outcome;
      return outcome === 'confirmed';
    },
    DEADLINE_MS,
    'a confirmation',
  );
}

export const texts = (deliveries: readonly Delivery[]): string[] => deliveries.map(textOf);
export const bodies = (count: number, from = 0): string[] => Array.from({ length: count }, (_, at) => `m${from + at}`);

export const QUORUM = { durable: true, arguments: { 'x-queue-type': 'quorum' } };

/** Makes queues with messages in them. */
export function queuesAt(home: () => Promise<Home>) {
  return async (name: string, messages: readonly string[], options: Options.AssertQueue = QUORUM) => {
    const { url } = await home();
    const channel = await channelTo(url);
    await channel.assertQueue(name, options);
    for (const message of messages) channel.sendToQueue(name, Buffer.from(message), { persistent: true });
    await holds(channel, name, messages.length);
    return { url, channel };
  };
}

/** Reads and accepts until so many different texts were there, `before` included; in the order of their first deliveries. */
export async function firstDeliveries(
  end: Source,
  count: number,
  before: readonly string[] = [],
): Promise<readonly string[]> {
  const seen = new Set(before);
  while (seen.size < count) {
    for (const delivery of await take(end, 1)) {
      seen.add(textOf(delivery));
      delivery.settle(ACCEPT);
    }
  }
  return [...seen];
}
