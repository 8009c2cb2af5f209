import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { setClassScene } from '../classes/scene.ts';
import { serverTest } from '../harness/server-test.ts';
import { waitFor } from '../harness/wait-for.ts';

const COUNT = 200;
const STOP_MS = 20_000;
const ARRIVAL_MS = 30_000;
const NS = 1_000_000;

for (const trafficClass of ['event', 'telemetry'] as const) {
  serverTest(
    `${trafficClass}: an outage that outlasts the memory of the stream leaves nothing twice, though no confirmation arrived`,
    { needs: ['nats-process'] },
    async () => {
      await using scene = await setClassScene([
        {
          name: 'r',
          class: trafficClass,
          from: { key: '{subject.1}' },
          to: { subject: 'out.{key}', timeout: '1s' },
        },
      ]);
      const { input, output, link } = scene;
      const manager = await jetstreamManager(output.connection);
      await manager.streams.update('OUT', { duplicate_window: 500 * NS });
      const bridge = scene.start();
      await bridge.ready();
      link.blackhole('down');
      for (let n = 0; n < COUNT; n += 1) input.connection.publish(`in.k${n}`, JSON.stringify({ n }));
      await input.connection.flush();
      await waitFor(async () => (await output.count()) === COUNT, ARRIVAL_MS, 'the messages');
      await sleep(2000);
      await link.mend();
      await waitFor(async () => (await input.unacknowledged()) === 0, ARRIVAL_MS, 'everything to be acknowledged');
      assert.equal(await output.count(), COUNT);
      assert.equal(await bridge.metric('sluice_sink_already_stored_total'), COUNT);
      assert.equal(await bridge.terminate(STOP_MS), 'exit code 0', bridge.tail());
    },
  );
}
