import assert from 'node:assert/strict';
import { serverTest, type Need } from '../harness/server-test.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { sharedKafka, sharedNats, sharedRabbitMq } from '../harness/shared.ts';
import { waitFor } from '../harness/wait-for.ts';
import { newProject, pipelineText } from '../host/project.ts';
import { type Bridge, startBridge } from '../kill/bridge.ts';
import { judge } from '../kill/judge.ts';
import { type Arrived, CONTENT_TYPE, LIFE_MS, markOf, messages, type Sent } from './far-message.ts';
import { kafkaEnd } from './kafka-end.ts';
import type { MatrixEnd } from './matrix-end.ts';
import { mqttEnd } from './mqtt-end.ts';
import { jetstreamEnd, natsEnd } from './nats-end.ts';
import { rabbitmqEnd } from './rabbitmq-end.ts';

const COUNT = 10_000;
const KEYS = 64;
/** So much has arrived when the bridge is killed. */
const AT_KILL = 2000;
const ARRIVAL_MS = 90_000;
const STOP_MS = 20_000;
/** Expiry crosses buses in whole seconds, and a run takes its time. */
const EXPIRY_SLACK_MS = 60_000;

/** The same place for all pairs of a file. */
function once<T>(find: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | undefined;
  return () => (found ??= find());
}

const mosquitto = once(startMosquitto);
const nats = once(sharedNats);
const vhost = once(async () => (await sharedRabbitMq()).freshVhost());

interface Corner {
  readonly bus: string;
  readonly need: Need;
  /** Whether a killed bridge is given again what it had not settled. */
  readonly redelivers: boolean;
  /** Whether a bridge that starts looks up what it wrote last. */
  readonly recoversIds?: true;
  end(): Promise<MatrixEnd>;
}

const CORNERS: readonly Corner[] = [
  { bus: 'mqtt', need: 'mosquitto', redelivers: true, end: async () => mqttEnd((await mosquitto()).url) },
  { bus: 'nats', need: 'nats', redelivers: false, end: async () => natsEnd((await nats()).url) },
  {
    bus: 'jetstream',
    need: 'nats',
    redelivers: true,
    recoversIds: true,
    end: async () => jetstreamEnd((await nats()).url),
  },
  { bus: 'kafka', need: 'kafka', redelivers: true, recoversIds: true, end: async () => kafkaEnd(await sharedKafka()) },
  { bus: 'rabbitmq', need: 'rabbitmq', redelivers: true, end: async () => rabbitmqEnd(await vhost()) },
];

/** From one bus to each. */
export function matrixTests(bus: string): void {
  for (const source of CORNERS.filter((corner) => corner.bus === bus)) {
    for (const sink of CORNERS) {
      const twice = sink.recoversIds === true ? 'nothing is lost or there twice' : 'nothing is lost';
      const what = source.redelivers
        ? `though the bridge is killed on the way: ${twice}, and first deliveries keep the order of their key`
        : 'and in the order of its key';
      serverTest(
        `from ${source.bus} to ${sink.bus} every message arrives whole, ${what}`,
        { needs: [...new Set([source.need, sink.need])] },
        () => carry(source, sink),
      );
    }
  }
}

async function carry(source: Corner, sink: Corner): Promise<void> {
  const pair = `${source.bus}-${sink.bus}`;
  const [near, far] = await Promise.all([source.end(), sink.end()]);
  using project = newProject({
    'pipelines/matrix.yaml': pipelineText({
      name: 'matrix',
      buses: { near: near.connection, far: far.connection },
      routes: [{ name: pair, from: { bus: 'near', ...near.from(pair) }, to: { bus: 'far', ...far.to(pair) } }],
    }),
  });
  const start = (): Bridge => startBridge(project.folder, project.path('pipelines/matrix.yaml'));
  await near.prepareSource(pair);
  await using listener = await far.listen(pair);
  const { arrived } = listener;
  const sent = messages(KEYS, COUNT);
  let bridge = start();
  await bridge.ready();
  const publishing = near.publish(pair, sent);
  if (source.redelivers) {
    await reached(
      () => arrived.length >= AT_KILL,
      bridge,
      () => `${arrived.length} messages arrived`,
    );
    await bridge.kill();
    assert.ok(distinct(arrived)() < COUNT, 'all had arrived before the kill: it proves nothing');
    bridge = start();
  }
  await publishing;
  const seen = distinct(arrived);
  await reached(
    () => seen() >= COUNT,
    bridge,
    () => `${seen()} of ${COUNT} messages arrived`,
  );
  // The last ones may have been those of the bridge that was killed: this one may not even listen to signals yet.
  await bridge.ready();
  assert.equal(await bridge.terminate(STOP_MS), 'exit code 0', bridge.tail());
  compare(sent, arrived, source.redelivers && sink.recoversIds !== true);
}

async function reached(enough: () => boolean, bridge: Bridge, state: () => string): Promise<void> {
  const how = await waitFor(() => (enough() ? 'there' : bridge.process.exit), ARRIVAL_MS, 'arrivals').catch(
    (cause: unknown) => {
      throw new Error(`only ${state()}:\n${bridge.tail()}`, { cause });
    },
  );
  assert.equal(how, 'there', `the bridge ended, and ${state()}:\n${bridge.tail()}`);
}

/** How many different messages have arrived, counted as they come. */
function distinct(arrived: readonly Arrived[]): () => number {
  const seen = new Set<string>();
  let at = 0;
  return () => {
    for (; at < arrived.length; at += 1) {
      const one = arrived[at];
      const mark = one === undefined ? undefined : markOf(one);
      if (mark !== undefined) seen.add(`${mark.key} ${mark.number}`);
    }
    return seen.size;
  };
}

function compare(sent: readonly Sent[], arrived: readonly Arrived[], mayRepeat: boolean): void {
  const marks = arrived.map((one) => markOf(one) ?? { key: 'unreadable', number: 0 });
  const { lost, inverted, unknown, duplicated, examples } = judge(sent, marks);
  assert.deepEqual({ lost, inverted, unknown }, { lost: 0, inverted: 0, unknown: 0 }, examples.join('\n'));
  if (!mayRepeat) assert.equal(duplicated, 0, examples.join('\n'));
  const wanted = new Map(sent.map((one) => [`${one.key} ${one.number}`, one]));
  const ids = new Map<string, string>();
  for (const [at, one] of arrived.entries()) {
    const name = `${marks[at]?.key} ${marks[at]?.number}`;
    const original = wanted.get(name);
    assert.ok(original !== undefined);
    assert.equal(one.key, original.key, `key of ${name}`);
    assert.ok(one.body.equals(original.body), `body of ${name}`);
    assert.equal(one.contentType, CONTENT_TYPE, `content type of ${name}`);
    const counted = [...original.headers, ['sluice-hops', ['1']]] as const;
    assert.deepEqual(one.headers, new Map(counted), `headers of ${name}`);
    const leftMs = (one.expiresAtMs ?? 0) - one.atMs;
    assert.ok(
      leftMs > LIFE_MS - EXPIRY_SLACK_MS - ARRIVAL_MS && leftMs <= LIFE_MS + 2000,
      `${name} lives ${leftMs} ms`,
    );
    assert.ok(one.id !== undefined && one.id !== '', `id of ${name}`);
    // One id a message, however often it comes; two messages never share one.
    assert.equal(ids.get(one.id) ?? name, name, `${one.id} is the id of two messages`);
    ids.set(one.id, name);
  }
  assert.equal(ids.size, sent.length, 'a message that came again came under its own id');
}
