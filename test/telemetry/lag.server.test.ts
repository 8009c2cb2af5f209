import assert from 'node:assert/strict';
import { after } from 'node:test';
import { busNamed, REACHABLE, type ReachableBus } from '../brokers/all.ts';
import type { Outgoing } from '../brokers/test-bus.ts';
import { startBridge } from '../harness/bridge.ts';
import { newProject } from '../harness/project.ts';
import { serverTest } from '../harness/server-test.ts';
import { waitFor } from '../harness/wait-for.ts';

const COUNT = 20;
const WINDOW = 5;
const DEADLINE_MS = 40_000;

/** Messages wait until the file is there. */
const WAITS = (path: string): string =>
  `import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
export default async (body) => {
  while (!existsSync(${JSON.stringify(path)})) await setTimeout(20);
  return body;
};`;

function messages(): Outgoing[] {
  return Array.from({ length: COUNT }, (_, n) => ({ key: `k${n}`, body: Buffer.from(JSON.stringify({ n })) }));
}

for (const name of ['jetstream', 'kafka', 'rabbitmq']) {
  const bus = busNamed(name);
  serverTest(
    `the lag of a source on ${name} is what waits at the bus and what the route holds, and falls to 0`,
    { needs: [bus.endpoints.needs.share] },
    () => look(bus),
  );
}

after(async () => {
  for (const { stop } of REACHABLE) await stop?.();
});

async function look(bus: ReachableBus): Promise<void> {
  const place = await bus.endpoints.share();
  const tag = `lag-${bus.name}`;
  await place.prepare('source', [tag]);
  await place.prepare('sink', [tag]);
  using project = newProject({
    'pipelines/lag.yaml': {
      name: 'lag',
      buses: { near: place.direct },
      routes: [
        {
          name: tag,
          from: { bus: 'near', ...place.entrance(tag).bridge, window: { messages: WINDOW } },
          stages: [{ function: 'f', timeout: '2m' }],
          to: { bus: 'near', ...place.exit(tag).bridge },
        },
      ],
    },
  });
  const go = project.path('go');
  project.write('functions/f.ts', WAITS(go));
  const bridge = startBridge(project.folder, project.path('pipelines/lag.yaml'));
  await bridge.ready();
  await place.publish(tag, messages());
  await waitFor(async () => (await bridge.metric('sluice_inflight_messages')) === WINDOW, DEADLINE_MS, 'a full window');
  await waitFor(async () => (await bridge.metric('sluice_source_lag')) === COUNT, DEADLINE_MS, 'the whole lag');
  const { text } = await bridge.ask('/metrics');
  const age = Number(/^sluice_source_lag_time\{[^}]*\} (\S+)$/m.exec(text)?.[1] ?? 'NaN');
  assert.ok(Number.isNaN(age) ? bus.name === 'rabbitmq' : age >= 0 && age < 120, `${age} s`);
  project.write('go', '');
  await waitFor(async () => (await bridge.metric('sluice_pipeline_held')) === 0, DEADLINE_MS, 'all to end');
  await waitFor(async () => (await bridge.metric('sluice_source_lag')) === 0, DEADLINE_MS, 'no lag');
  await bridge.kill();
}
