import assert from 'node:assert/strict';
import { connectAsync } from 'mqtt';
import { startBridge } from '../harness/bridge.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { newProject } from '../harness/project.ts';
import { serverTest } from '../harness/server-test.ts';
import { waitFor } from '../harness/wait-for.ts';

const TOTAL = 300;

serverTest(
  'the sinks of a list on one MQTT connection have client ids of their own',
  { needs: ['mosquitto'] },
  async () => {
    await using broker = await startMosquitto();
    const to = [
      { bus: 'field', topic: 'all/{topic.1}', qos: 1 },
      { bus: 'field', topic: 'even/{topic.1}', qos: 1, when: 'body.n % 2 == 0' },
      { bus: 'field', topic: 'high/{topic.1}', qos: 1, when: 'body.n >= 200' },
    ];
    const from = { bus: 'field', topics: ['in/+'], qos: 1 };
    using project = newProject({
      'pipelines/p.yaml': {
        name: 'p',
        buses: { field: { bus: 'mqtt', url: broker.url } },
        routes: [{ name: 'r', from, to }],
      },
    });
    const bridge = startBridge(project.folder, project.path('pipelines/p.yaml'));
    const client = await connectAsync(broker.url);
    try {
      const counts = new Map<string, number>();
      client.on('message', (topic) => counts.set(topic, (counts.get(topic) ?? 0) + 1));
      await client.subscribeAsync(['all/#', 'even/#', 'high/#'], { qos: 1 });
      await bridge.ready();
      for (let n = 0; n < TOTAL; n += 1) await client.publishAsync('in/a', JSON.stringify({ n }), { qos: 1 });
      await waitFor(() => counts.get('all/a') === TOTAL && counts.get('high/a') === 100, 20_000, 'all messages');
      await waitFor(() => counts.get('even/a') === TOTAL / 2, 20_000, 'the even ones');
      assert.equal(await bridge.metric('sluice_disconnects_total'), 0);
      const { text } = await bridge.ask('/metrics');
      const sent = [
        ...text.matchAll(/^messaging_client_sent_messages_total\{.*sluice_sink_index="(\d)"\} (\d+)$/gm),
      ].map(([, , count]) => Number(count));
      assert.deepEqual(sent, [TOTAL, TOTAL / 2, 100]);
      assert.equal((await bridge.ask('/readyz')).status, 200);
    } finally {
      await client.endAsync();
      await bridge.kill();
    }
  },
);
