import assert from 'node:assert/strict';
import { busNamed, REACHABLE, type ReachableBus } from '../brokers/all.ts';
import type { Arrived, Endpoint } from '../brokers/test-bus.ts';
import { serverTest } from '../harness/server-test.ts';
import { waitFor } from '../harness/wait-for.ts';
import { newProject } from '../harness/project.ts';
import { type Bridge, startBridge } from '../harness/bridge.ts';
import { judge } from '../kill/judge.ts';
import { CONTENT_TYPE, LIFE_MS, markOf, messages, type Sent } from './far-message.ts';

const COUNT = 10_000;
const KEYS = 64;
/** So much has arrived when the bridge is killed. */
const AT_KILL = 2000;
const ARRIVAL_MS = 90_000;
const STOP_MS = 20_000;
/** Expiry crosses buses in whole seconds, and a run takes its time. */
const EXPIRY_SLACK_MS = 60_000;

/** One place on the run's server for all pairs of a file. */
const places = new Map<string, Promise<Endpoint>>();
function placeOn({ name, endpoints }: ReachableBus): Promise<Endpoint> {
  const place = places.get(name) ?? endpoints.share();
  places.set(name, place);
  return place;
}

/** From one bus to each. */
export function matrixTests(bus: string): void {
  const source = busNamed(bus);
  for (const sink of REACHABLE) {
    const twice = sink.endpoints.recoversIds ? 'nothing is lost or there twice' : 'nothing is lost';
    const promise = source.endpoints.redelivers
      ? `though the bridge is killed on the way: ${twice}, and first deliveries keep the order of their key`
      : 'and in the order of its key';
    serverTest(
      `from ${source.name} to ${sink.name} every message arrives whole, ${promise}`,
      { needs: [...new Set([source.endpoints.needs.share, sink.endpoints.needs.share])] },
      () => carry(source, sink),
    );
  }
}

async function carry(source: ReachableBus, sink: ReachableBus): Promise<void> {
  const { redelivers } = source.endpoints;
  const { recoversIds } = sink.endpoints;
  const pair = `${source.name}-${sink.name}`;
  const [near, far] = await Promise.all([placeOn(source), placeOn(sink)]);
  using project = newProject({
    'pipelines/matrix.yaml': {
      name: 'matrix',
      buses: { near: near.direct, far: far.direct },
      routes: [
        {
          name: pair,
          from: { bus: 'near', ...near.entrance(pair).bridge },
          to: { bus: 'far', ...far.exit(pair).bridge },
        },
      ],
    },
  });
  const start = (): Bridge => startBridge(project.folder, project.path('pipelines/matrix.yaml'));
  await near.prepare('source', [pair]);
  await far.prepare('sink', [pair]);
  await using listener = await far.listen(pair);
  const { arrived } = listener;
  const sent = messages(KEYS, COUNT);
  let bridge = start();
  await bridge.ready();
  const publishing = near.publish(pair, sent);
  if (redelivers) {
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
  compare(sent, arrived, redelivers && !recoversIds);
}

async function reached(enough: () => boolean, bridge: Bridge, state: () => string): Promise<void> {
  const how = await waitFor(() => (enough() ? 'there' : bridge.exit), ARRIVAL_MS, 'arrivals').catch(
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
