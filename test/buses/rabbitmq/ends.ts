import assert from 'node:assert/strict';
import { afterEach } from 'node:test';
import { type Channel, connect, type ConsumeMessage, type Options } from 'amqplib';
import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Checkpoint } from '#contract/checkpoint.ts';
import type { Sink } from '#contract/sink.ts';
import type { Demand, Source } from '#contract/source.ts';
import { rabbitmq } from '../../../runtime/buses/rabbitmq/index.ts';
import type { RabbitConnection, RabbitFrom, RabbitTo } from '../../../runtime/buses/rabbitmq/options.ts';
import { withDefaults } from '../../conformance/fixture.ts';
import { outcomeOf } from '../../harness/outcome-of.ts';
import { type RabbitMqDoor, vhostOf } from '../../harness/rabbitmq-door.ts';
import { type Recorded, recordedContext } from '../../harness/recorded-context.ts';
import { sharedRabbitMq } from '../../harness/shared.ts';
import { take } from '../../harness/take.ts';
import { textOf } from '../../harness/test-frame.ts';
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

export { outcomeOf } from '../../harness/outcome-of.ts';
export type { Recorded } from '../../harness/recorded-context.ts';
export { take } from '../../harness/take.ts';
export { frameForTest, textOf } from '../../harness/test-frame.ts';

/** What a test may want otherwise than the defaults. */
interface Wanted {
  readonly connection?: Partial<RabbitConnection>;
  readonly route?: string;
  readonly window?: Partial<Demand>;
  /** As for classes that let no older message of a key follow a newer one. */
  readonly isFenced?: boolean;
  readonly checkpoint?: Checkpoint;
}

function recorded(direction: 'source' | 'sink', { route, window, isFenced, checkpoint }: Wanted): Recorded {
  const given = {
    connection: 'work',
    ...(route !== undefined && { route }),
    ...(isFenced !== undefined && { isFenced }),
    ...(checkpoint !== undefined && { checkpoint }),
    window: { ...WINDOW, ...window },
  };
  return recordedContext(direction, given, DEADLINE_MS);
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

function opening<End extends { close(): Promise<void> }>(recording: Recorded, opened: Promise<End>): Opening<End> {
  opened.catch(() => {});
  closers.add(async () => {
    recording.stop.abort();
    await opened.then(
      (end) => end.close(),
      () => {},
    );
  });
  return { ...recording, opened };
}

const connectionTo = (url: string, { connection }: Wanted): RabbitConnection =>
  withDefaults(rabbitmq.connectionSchema, { keepAlive: '2s', url, ...connection }) as RabbitConnection;

export function openingSource(url: string, from: Partial<RabbitFrom>, wanted: Wanted = {}): Opening<Source> {
  const recording = recorded('source', wanted);
  const end = withDefaults(rabbitmq.sourceSchema, from) as RabbitFrom;
  return opening(recording, rabbitmq.openSource({ connection: connectionTo(url, wanted), end }, recording.context));
}

export function openingSink(url: string, to: Partial<RabbitTo>, wanted: Wanted = {}): Opening<Sink> {
  const recording = recorded('sink', wanted);
  const end = withDefaults(rabbitmq.sinkSchema, to) as RabbitTo;
  return opening(recording, rabbitmq.openSink({ connection: connectionTo(url, wanted), end }, recording.context));
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

export const CLASSIC = { durable: true };
export const QUORUM = { durable: true, arguments: { 'x-queue-type': 'quorum' } };

/** Makes empty queues. */
export function queueAt(home: () => Promise<Home>) {
  return async (name: string, options: Options.AssertQueue = QUORUM) => {
    const { url } = await home();
    const channel = await channelTo(url);
    await channel.assertQueue(name, options);
    return { url, channel };
  };
}

/** Makes queues with messages in them. */
export function queuesAt(home: () => Promise<Home>) {
  const queue = queueAt(home);
  return async (name: string, messages: readonly string[], options: Options.AssertQueue = QUORUM) => {
    const { url, channel } = await queue(name, options);
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
