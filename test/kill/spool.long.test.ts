import assert from 'node:assert/strict';
import { serverTest } from '../harness/server-test.ts';
import { waitFor } from '../harness/wait-for.ts';
import { backlog } from './backlog.ts';
import { drained, settleIn } from './drain.ts';
import { FLAWLESS, judge } from './judge.ts';
import { setScene } from './scene.ts';

const TOTAL = 5000;
const SPOOL_MS = 60_000;

serverTest(
  `with a spool ${TOTAL} messages are settled while the server of the sink is away, and outlive the bridge and the server of the source`,
  { needs: ['mosquitto-process', 'nats-process'] },
  async (t) => {
    // It remembers nothing of what it held: what arrives in the end came from the disk of the bridge.
    await using scene = await setScene('mqtt', {
      mosquitto: { persistence: 'none' },
      route: { words: { spool: { max: '64MiB' } } },
    });
    await settleIn(scene);
    const marks = [...backlog(40, TOTAL)];
    const bridge = scene.start();
    await bridge.ready();
    await scene.core.kill();
    await scene.publish(marks);
    const isSpooled = async (): Promise<boolean> => (await bridge.metric('sluice_spool_messages')) === TOTAL;
    await waitFor(isSpooled, SPOOL_MS, `${TOTAL} messages in the spool`);
    const { text } = await bridge.ask('/metrics');
    const value = (name: string): number => Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1]);
    const names = ['accepted_total', 'held'].map((name) => `sluice_pipeline_${name}`);
    assert.deepEqual(names.map(value), [TOTAL, TOTAL], 'what lies there counts as taken over and held');
    assert.ok(value('sluice_spool_bytes') > TOTAL * 50 && value('sluice_spool_oldest_age') > 0);
    await bridge.kill();
    await scene.field.kill();
    await scene.field.restart();
    await scene.core.restart();
    const second = scene.start();
    await second.ready();
    const found = await second.said('spool-found', 1, SPOOL_MS);
    assert.equal(found['messages'], TOTAL);
    await drained(scene, TOTAL, second);
    const farewell = second.lines().find(({ event }) => event === 'stopped');
    assert.deepEqual(
      ['accepted', 'delivered', 'held', 'spooled'].map((name) => farewell?.[name]),
      [TOTAL, TOTAL, 0, 0],
    );
    const verdict = judge(marks, await scene.stored());
    t.diagnostic(JSON.stringify(verdict));
    assert.deepEqual(verdict, FLAWLESS);
  },
);
