import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { serverTest } from '../harness/server-test.ts';
import { waitFor } from '../harness/wait-for.ts';
import { backlog } from './backlog.ts';
import type { Bridge } from '../harness/bridge.ts';
import { drained, settleIn } from './drain.ts';
import { interruptWhileDraining } from './interrupt-while-draining.ts';
import { FLAWLESS, judge, type Mark } from './judge.ts';
import { type Field, type Scene, setScene } from './scene.ts';

/** The default of --drain, and some time to close. */
const DRAIN_MS = 12_000;
const AT_ONCE_MS = 2000;
const WINDOW = 256;
const BOUNDED = { route: { from: { window: { messages: WINDOW } } } };

/** Ends no call within the deadline. */
const SLOW_TRANSFORM = `export default () => new Promise(() => {});
`;

// Two at a time: much of it is waiting.
void describe('a bridge that is told to stop', { concurrency: 2 }, () => {
  for (const [kind, name] of [
    ['mqtt', 'MQTT'],
    ['jetstream', 'JetStream'],
  ] as const satisfies readonly (readonly [Field, string])[]) {
    const needs = ['mosquitto-process', 'nats-process'] as const;

    serverTest(
      `a bridge from ${name} that is told to stop mid-drain 5 times ends well each time, loses nothing, keeps the order and stores nothing twice`,
      { needs },
      async (t) => {
        await using scene = await setScene(kind);
        await interruptWhileDraining(t, scene, {
          times: 5,
          // It forwards all that it has read.
          overshoot: 4000,
          async end(bridge) {
            assert.equal(await bridge.terminate(DRAIN_MS), 'exit code 0', bridge.tail());
            const farewell = bridge.lines().find(({ event }) => event === 'stopped');
            // With a sink that answers there is no reason to leave anything to the source.
            assert.deepEqual([farewell?.['held'], farewell?.['released']], [0, 0]);
          },
        });
      },
    );

    serverTest(
      `a bridge from ${name} whose sink is dead ends at the second signal at once; what it held comes again, once`,
      { needs },
      async () => {
        await using scene = await setScene(kind, BOUNDED);
        const sent = [...backlog(8, 1000)];
        const bridge = await heldUp(scene, sent, () => scene.core.kill());
        bridge.signal('SIGTERM');
        await bridge.said('stopping', 1, AT_ONCE_MS);
        assert.equal(bridge.exit, undefined);
        // 128 and the signal's number: what a shell would say of it.
        assert.equal(await bridge.terminate(AT_ONCE_MS), 'exit code 143');
        await scene.core.restart();
        await drained(scene, sent.length);
        assert.deepEqual(judge(sent, await scene.stored()), FLAWLESS);
      },
    );

    serverTest(
      `a bridge from ${name} whose sink is dead stops within its deadline and gives back what it holds, which comes again, once`,
      { needs },
      async () => {
        await using scene = await setScene(kind, BOUNDED);
        const sent = [...backlog(8, 1000)];
        const bridge = await heldUp(scene, sent, () => scene.core.pause(), '--drain', '1s');
        assert.equal(await bridge.terminate(DRAIN_MS), 'exit code 0', bridge.tail());
        const farewell = bridge.lines().find(({ event }) => event === 'stopped');
        assert.deepEqual([farewell?.['held'], farewell?.['released'], farewell?.['delivered']], [WINDOW, WINDOW, 0]);
        const warned = bridge.lines().find(({ event }) => event === 'stopped-early');
        assert.match(
          String(warned?.['text']),
          /after 1000 ms messages still waited for the sink: 256: the source delivers them again at the next start/,
        );
        scene.core.resume();
        await drained(scene, sent.length);
        assert.deepEqual(judge(sent, await scene.stored()), FLAWLESS);
      },
    );
  }

  serverTest(
    'a bridge whose functions take longer than its deadline ends in time and says what waited for what; all of it comes again, once',
    { needs: ['nats-process'] },
    async () => {
      await using scene = await setScene('jetstream', BOUNDED);
      scene.project.transform(SLOW_TRANSFORM);
      const sent = [...backlog(8, 1000)];
      const bridge = await heldUp(scene, sent, () => {}, '--drain', '1s');
      assert.equal(await bridge.terminate(DRAIN_MS), 'exit code 0', bridge.tail());
      const warned = bridge.lines().find(({ event }) => event === 'stopped-early');
      assert.match(String(warned?.['text']), /still waited for stages: \d+/);
      scene.project.transform();
      await drained(scene, sent.length);
      assert.deepEqual(judge(sent, await scene.stored()), FLAWLESS);
    },
  );
});

/** A bridge whose window is full of what a sink does not confirm since `crashNote`. */
async function heldUp(
  scene: Scene,
  sent: readonly Mark[],
  crashNote: () => Promise<void> | void,
  ...options: string[]
): Promise<Bridge> {
  await settleIn(scene);
  const bridge = scene.start(...options);
  await bridge.ready();
  await crashNote();
  await scene.publish(sent);
  await waitFor(async () => (await bridge.metric('sluice_pipeline_held')) === WINDOW, DRAIN_MS, 'a full window');
  return bridge;
}
