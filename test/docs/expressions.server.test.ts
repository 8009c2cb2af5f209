import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { connectAsync } from 'mqtt';
import { startBridge } from '../harness/bridge.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { startNats } from '../harness/nats.ts';
import { newProject } from '../harness/project.ts';
import { MAIN } from '../harness/sluice-process.ts';
import { serverTest } from '../harness/server-test.ts';
import { testStream } from '../harness/test-stream.ts';
import { waitFor } from '../harness/wait-for.ts';
import { commandsOf, filesOf } from './blocks.ts';

const FILE = 'pipelines/alerts-by-level.yaml';

serverTest(
  'the pipeline of docs/expressions.md does what the page says',
  { needs: ['mosquitto', 'nats'] },
  async () => {
    await using field = await startMosquitto();
    await using core = await startNats();
    await using alerts = await testStream(core.url, 'ALERTS', ['alerts.>']);
    await using readings = await testStream(core.url, 'READINGS', ['readings.>']);
    using project = newProject({ [FILE]: filesOf('docs/expressions.md').get(FILE) ?? '' });
    for (const command of commandsOf('docs/expressions.md')) {
      const words = command.split(' ').slice(1);
      const said = execFileSync(process.execPath, [MAIN, ...words], { cwd: project.folder, encoding: 'utf8' });
      assert.match(said, /is fine|when no sink|when a filter is false/);
    }
    const bridge = startBridge(project.folder, project.path(FILE), [], { MQTT_URL: field.url, NATS_URL: core.url });
    try {
      await bridge.ready();
      const publisher = await connectAsync(field.url);
      const list = [
        { sensor: 'a', celsius: 91, quality: 1, internal: { debug: 1 } },
        { sensor: 'b', quality: 0.1 },
        { sensor: 'c', celsius: 20, quality: 0.5 },
      ];
      await publisher.publishAsync('plant/north/readings', JSON.stringify({ readings: list }), { qos: 1 });
      await publisher.endAsync();
      await waitFor(async () => (await readings.count()) >= 2, 20_000, 'two readings');
      const hot = { sensor: { id: 'a' }, temperature: { value: 91, unit: 'celsius' }, isHot: true, plant: 'north' };
      const read = await readings.read((message) => [message.subject, message.json<{ internal?: object }>()] as const);
      assert.deepEqual(read[0], ['readings.north', { internal: {}, ...hot }]);
      assert.equal(read.length, 2);
      assert.deepEqual(await alerts.read((message) => message.json()), [{ internal: {}, ...hot }]);
      assert.equal(await bridge.metric('messaging_client_sent_messages_total'), 3);
    } finally {
      await bridge.kill();
    }
  },
);
