import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { busNamed } from '../brokers/all.ts';
import { serverTest } from '../harness/server-test.ts';
import { startNats } from '../harness/nats.ts';
import { standStill } from '../harness/stand-still.ts';
import { waitFor } from '../harness/wait-for.ts';
import { markOf as farMarkOf, messages } from '../matrix/far-message.ts';
import { backlog } from './backlog.ts';
import { type Bridge, startBridge } from '../harness/bridge.ts';
import { settleIn, stopped } from './drain.ts';
import { FLAWLESS, judge, type Mark, type Verdict } from './judge.ts';
import { type Field, markOf, type Scene, setScene } from './scene.ts';
import { type TestStream, testStream } from '../harness/test-stream.ts';

const TOTAL = 6000;
const WINDOW = 256;
const AT_CUT = [1000, 3000] as const;
const DEADLINE_MS = 60_000;
/** How long a stream removes duplicates here, and how long the bridge is away. */
const DEDUPE_MS = 1000;
const OUTAGE_MS = 1500;
const QUIET_MS = 300;
const LOOK_MS = 20;
/** What the way from the source carries until the kills: all of it takes seconds, however late a count is looked at. */
const BYTES_PER_SECOND = 100_000;

/** Where the tracks go, and the bridges that bring them. */
interface Far {
  start(): Bridge;
  /** How many messages the sink holds. */
  readonly count: () => Promise<number>;
  stored(): Promise<readonly Mark[]>;
}

/**
 * Twice: the sink confirms a window while the way to the source is cut, the bridge is killed before the source hears of
 * it, and starts again when the sink's own memory of ids is over. Answers how the sink then stands.
 */
async function killUnheard(scene: Scene, far: Far): Promise<Verdict> {
  const sent = [...backlog(8, TOTAL)];
  await scene.publish(sent);
  scene.fieldLink.limit(BYTES_PER_SECOND);
  for (const part of AT_CUT) {
    const bridge = far.start();
    await waitFor(async () => (await far.count()) >= part, DEADLINE_MS, `${part} tracks`);
    // A cut alone may find nothing under way. What arrives from here on the source does not hear of.
    scene.fieldLink.blackhole('up');
    await oneMore(far);
    await scene.fieldLink.cut();
    await standStill(far.count, QUIET_MS);
    assert.ok((await far.count()) < TOTAL, 'all was drained before the kill: it proves nothing');
    await bridge.kill();
    await sleep(OUTAGE_MS);
    await scene.fieldLink.mend();
  }
  scene.fieldLink.limit(undefined);
  const last = far.start();
  await waitFor(async () => judge(sent, await far.stored()).lost === 0, DEADLINE_MS, 'all tracks');
  await standStill(far.count, QUIET_MS);
  await stopped(last);
  return judge(sent, await far.stored());
}

/** Waits until something arrives, or nothing more will. */
async function oneMore(far: Far): Promise<void> {
  const before = await far.count();
  for (let waitedMs = 0; waitedMs < QUIET_MS && (await far.count()) === before; waitedMs += LOOK_MS)
    await sleep(LOOK_MS);
}

async function shortDedupe({ connection, name }: TestStream): Promise<void> {
  const manager = await jetstreamManager(connection);
  await manager.streams.update(name, { duplicate_window: DEDUPE_MS * 1e6 });
}

/** Words of a route to elsewhere than the core of the scene. */
function routeTo(scene: Scene, to: object): object {
  return { ...scene.route('positions', { from: { window: { messages: WINDOW } } }), to };
}

function trackIn(body: Buffer): Mark {
  const { id, sequence } = JSON.parse(body.toString()) as { id: string; sequence: number };
  return { key: id, number: sequence };
}

// Two at a time: much of it is waiting.
void describe(
  'a bridge killed with a window that its sink confirmed and its source never heard of',
  { concurrency: 2 },
  () => {
    for (const [kind, name] of [
      ['mqtt', 'MQTT'],
      ['jetstream', 'JetStream'],
    ] as const satisfies readonly (readonly [Field, string])[]) {
      serverTest(
        `and away for longer than a stream remembers ids: from ${name} nothing is lost, and nothing in the stream twice`,
        { needs: ['mosquitto-process', 'nats-process'] },
        async () => {
          await using scene = await setScene(kind, { links: true, route: { from: { window: { messages: WINDOW } } } });
          await shortDedupe(scene.tracks);
          await settleIn(scene);
          const verdict = await killUnheard(scene, {
            start: () => scene.start(),
            count: () => scene.tracks.count(),
            stored: () => scene.stored(),
          });
          assert.deepEqual(verdict, FLAWLESS);
        },
      );

      serverTest(
        `from ${name} nothing is lost, and nothing in Kafka twice, which removes no duplicates itself`,
        { needs: ['mosquitto-process', 'nats-process', 'kafka-process'] },
        async () => {
          await using log = await busNamed('kafka').endpoints.start();
          await using scene = await setScene(kind, { links: true });
          await log.prepare('sink', ['tracks']);
          await using listener = await log.listen('tracks');
          const buses = { field: scene.buses['field'], log: log.direct };
          const route = routeTo(scene, { bus: 'log', ...log.exit('tracks').bridge });
          const file = scene.project.pipeline('to-log', { buses, routes: [route] });
          const start = (): Bridge => startBridge(scene.project.folder, file);
          const first = start();
          await first.ready();
          await stopped(first);
          const verdict = await killUnheard(scene, {
            start,
            count: () => Promise.resolve(listener.arrived.length),
            stored: () => Promise.resolve(listener.arrived.map(({ body }) => trackIn(body))),
          });
          assert.deepEqual(verdict, FLAWLESS);
        },
      );
    }

    serverTest(
      'without the right to read the stream: it says what to grant and starts all the same, and then tracks are there twice',
      { needs: ['nats-process'] },
      async () => {
        const deny = '{ publish: { deny: ["$JS.API.CONSUMER.>"] } }';
        await using core = await startNats({
          users: [
            { user: 'admin', password: 'a' },
            { user: 'bridge', password: 'b', permissions: deny },
          ],
          config: 'no_auth_user: admin',
        });
        await using scene = await setScene('jetstream', { links: true });
        await using tracks = await testStream(core.url, 'TRACKS', ['tracks.>']);
        await shortDedupe(tracks);
        const far = { bus: 'jetstream', url: core.url, user: 'bridge', password: 'b' };
        const route = routeTo(scene, { bus: 'far', stream: 'TRACKS', subject: 'tracks.{key}' });
        const buses = { field: scene.buses['field'], far };
        const file = scene.project.pipeline('denied', { buses, routes: [route] });
        const bridges: Bridge[] = [];
        const start = (): Bridge => {
          const bridge = startBridge(scene.project.folder, file);
          bridges.push(bridge);
          return bridge;
        };
        const { lost, inverted, unknown, duplicated } = await killUnheard(scene, {
          start,
          count: () => tracks.count(),
          stored: () => tracks.read(markOf),
        });
        assert.deepEqual({ lost, inverted, unknown }, { lost: 0, inverted: 0, unknown: 0 });
        assert.ok(duplicated > 0, 'the other tests of this file would prove nothing');
        for (const bridge of bridges) {
          const said = bridge.lines().find(({ event }) => event === 'log-recovery-failed');
          assert.match(String(said?.['text']), /grant publishing to \$JS\.API\.CONSUMER\.CREATE\.TRACKS/);
        }
      },
    );
  },
);

serverTest(
  'a topic that was deleted and made again while the bridge was away has other messages at the same offsets: all of them arrive',
  { needs: ['kafka-process'] },
  async () => {
    await using log = await busNamed('kafka').endpoints.start();
    await using scene = await setScene('jetstream');
    const sent = messages(8, 1000);
    const [first, second] = [sent.slice(0, 500), sent.slice(500)];
    await log.prepare('source', ['anew']);
    await log.prepare('sink', ['anew']);
    await using listener = await log.listen('anew');
    const from = { bus: 'log', ...log.entrance('anew').bridge };
    const routes = [{ name: 'anew', from, to: { bus: 'log', ...log.exit('anew').bridge } }];
    const file = scene.project.pipeline('anew', { buses: { log: log.direct }, routes });
    for (const part of [first, second]) {
      const before = listener.arrived.length;
      await log.publish('anew', part);
      const bridge = startBridge(scene.project.folder, file);
      await waitFor(() => listener.arrived.length >= before + part.length, DEADLINE_MS, 'all of a topic');
      await stopped(bridge);
      if (part === second) break;
      await log.remove('source', 'anew');
      await sleep(QUIET_MS);
      await log.prepare('source', ['anew']);
    }
    const marks = listener.arrived.map((one) => farMarkOf(one) ?? { key: 'unreadable', number: 0 });
    assert.deepEqual(judge(sent, marks), FLAWLESS);
  },
);
