import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { startKafka } from '../harness/kafka.ts';
import { law } from '../harness/law.ts';
import { waitFor } from '../harness/wait-for.ts';
import { kafkaEnd } from '../matrix/kafka-end.ts';
import { backlog } from './backlog.ts';
import { type Bridge, startBridge } from './bridge.ts';
import { settleIn, stopped } from './drain.ts';
import { FLAWLESS, judge, type Mark } from './judge.ts';
import { type Field, type Scene, setScene } from './scene.ts';

const TOTAL = 6000;
const WINDOW = 256;
const AT_CUT = 1000;
const DEADLINE_MS = 60_000;
/** How long a stream removes duplicates here, and how long the bridge is away. */
const DEDUPE_MS = 1000;
const OUTAGE_MS = 1500;

interface Far {
  start(): Bridge;
  /** How many messages the sink holds. */
  count(): Promise<number>;
  stored(): Promise<readonly Mark[]>;
}

/**
 * Twice: the sink confirms a window while the way to the source is cut, the bridge is killed before the source hears of
 * it, and starts again when the sink's own memory of ids is over. Answers how the sink then stands.
 */
async function killUnheard(scene: Scene, far: Far): Promise<void> {
  const sent = [...backlog(8, TOTAL)];
  await scene.publish(sent);
  for (const part of [AT_CUT, AT_CUT + 2000]) {
    const bridge = far.start();
    await waitFor(async () => (await far.count()) >= part, DEADLINE_MS, `${part} tracks`);
    await scene.fieldLink.cut();
    let before = -1;
    for (let now = await far.count(); now !== before; now = await far.count()) {
      before = now;
      await sleep(100);
    }
    assert.ok(before < TOTAL, 'all was drained before the kill: it proves nothing');
    await bridge.kill();
    await sleep(OUTAGE_MS);
    await scene.fieldLink.mend();
  }
  const last = far.start();
  await waitFor(async () => judge(sent, await far.stored()).lost === 0, DEADLINE_MS, 'all tracks');
  await sleep(300);
  await stopped(last);
  assert.deepEqual(judge(sent, await far.stored()), FLAWLESS);
}

async function shortDedupe(scene: Scene): Promise<void> {
  const manager = await jetstreamManager(scene.tracks.connection);
  await manager.streams.update('TRACKS', { duplicate_window: DEDUPE_MS * 1e6 });
}

void describe('a bridge that is killed with a window that its sink confirmed and its source never heard of', () => {
  for (const [kind, name] of [
    ['mqtt', 'MQTT'],
    ['jetstream', 'JetStream'],
  ] as const satisfies readonly (readonly [Field, string])[]) {
    law(
      `and is away for longer than a stream remembers ids: from ${name} nothing is in the stream twice`,
      { needs: ['mosquitto-process', 'nats-process'] },
      async () => {
        await using scene = await setScene(kind, { links: true, route: { from: { window: { messages: WINDOW } } } });
        await shortDedupe(scene);
        await settleIn(scene);
        scene.coreLink.delayMs(2);
        await killUnheard(scene, {
          start: () => scene.start(),
          count: () => scene.tracks.count(),
          stored: () => scene.stored(),
        });
      },
    );

    law(
      `from ${name} nothing is in Kafka twice, which removes no duplicates itself`,
      { needs: ['mosquitto-process', 'nats-process', 'kafka-process'] },
      async () => {
        await using server = await startKafka();
        await using scene = await setScene(kind, { links: true });
        const log = kafkaEnd(server);
        await using listener = await log.listen('tracks');
        const buses = { field: scene.buses['field'], log: log.connection };
        const route = scene.route('positions', { from: { window: { messages: WINDOW } } });
        const to = { bus: 'log', ...log.to('tracks') };
        const file = scene.project.pipeline('tolog', { buses, routes: [{ ...route, to }] });
        const first = startBridge(scene.project.folder, file);
        await first.ready();
        await stopped(first);
        await killUnheard(scene, {
          start: () => startBridge(scene.project.folder, file),
          count: () => Promise.resolve(listener.arrived.length),
          stored: () => Promise.resolve(listener.arrived.map(({ body }) => markIn(body))),
        });
      },
    );
  }
});

function markIn(body: Buffer): Mark {
  const { id, sequence } = JSON.parse(body.toString()) as { id: string; sequence: number };
  return { key: id, number: sequence };
}
