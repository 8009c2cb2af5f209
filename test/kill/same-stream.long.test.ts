import assert from 'node:assert/strict';
import { serverTest } from '../harness/server-test.ts';
import { waitFor } from '../harness/wait-for.ts';
import { backlog } from './backlog.ts';
import { type Bridge, startBridge } from '../harness/bridge.ts';
import { stopped } from './drain.ts';
import { FLAWLESS, judge, type Mark } from './judge.ts';
import { type Field, markOf, type Scene, setScene } from './scene.ts';

const TOTAL = 5000;
const DEADLINE_MS = 60_000;

/** Every message twice: once on each way. Each way has an order of its own. */
async function judgeBothWays(scene: Scene, bridges: readonly Bridge[], ways: readonly string[]): Promise<void> {
  await Promise.all(bridges.map((bridge) => bridge.ready()));
  const sent = [...backlog(8, TOTAL)];
  await scene.publish(sent);
  const count = TOTAL * ways.length;
  await waitFor(async () => (await scene.tracks.count()) >= count, DEADLINE_MS, `${count} tracks`);
  await Promise.all(bridges.map(stopped));
  const on = (way: string, { key, number }: Mark): Mark => ({ key: `${way} ${key}`, number });
  const stored = await scene.tracks.read((message) => on(message.headers?.get('way') ?? 'none', markOf(message)));
  const expected = ways.flatMap((way) => sent.map((mark) => on(way, mark)));
  assert.deepEqual(judge(expected, stored), FLAWLESS);
}

for (const [kind, name] of [
  ['mqtt', 'MQTT'],
  ['jetstream', 'JetStream'],
] as const satisfies readonly (readonly [Field, string])[]) {
  const needs = ['mosquitto-process', 'nats-process'] as const;

  serverTest(
    `two routes of one pipeline that read the same of ${name} never swallow each other's messages`,
    { needs },
    async () => {
      await using scene = await setScene(kind);
      const ways = ['left', 'right'];
      const routes = ways.map((way) => scene.route(way, { to: { headers: { set: { way: '{route}' } } } }));
      const file = scene.project.pipeline('both', { buses: scene.buses, routes });
      await judgeBothWays(scene, [startBridge(scene.project.folder, file)], ways);
    },
  );

  serverTest(`two pipelines that read the same of ${name} never swallow each other's messages`, { needs }, async () => {
    await using scene = await setScene(kind);
    const ways = ['north', 'south'];
    const bridges = ways.map((way) => {
      const routes = [scene.route('positions', { to: { headers: { set: { way } } } })];
      return startBridge(scene.project.folder, scene.project.pipeline(way, { buses: scene.buses, routes }));
    });
    await judgeBothWays(scene, bridges, ways);
  });
}
