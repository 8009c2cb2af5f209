import assert from 'node:assert/strict';
import { connectAsync } from 'mqtt';
import { channelTo, oneHome, QUORUM } from '../buses/rabbitmq/ends.ts';
import { serverTest } from '../harness/server-test.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { waitFor } from '../harness/wait-for.ts';
import { parseMetrics } from '../telemetry/prometheus.ts';
import { clientIdAt } from './field-to-core.ts';
import { fixture, SERVERS } from './fixture.ts';
import { newProject } from '../harness/project.ts';
import { startSluice } from '../harness/sluice-process.ts';

const home = oneHome();

serverTest(
  'RabbitMQ to MQTT, command: a publisher that begins anew uses its ids again and loses no command, and one sent twice goes out once',
  { needs: ['rabbitmq', 'mosquitto'] },
  async () => {
    await using field = await startMosquitto();
    const { url } = await home();
    const channel = await channelTo(url);
    await channel.assertQueue('commands', QUORUM);
    const subscriber = await connectAsync(field.url, { protocolVersion: 5 });
    const heard: string[] = [];
    subscriber.on('message', (_, body) => heard.push(body.toString()));
    await subscriber.subscribeAsync('valve/+', { qos: 1 });
    using project = newProject({
      'pipelines/orders.yaml': {
        name: 'orders',
        buses: {
          work: { bus: 'rabbitmq', url },
          field: { bus: 'mqtt', url: field.url, protocol: '5', clientId: clientIdAt(field.url) },
        },
        routes: [
          {
            name: 'down',
            class: 'command',
            from: { bus: 'work', queue: 'commands', key: '{body.valve}', expires: '1h' },
            to: { bus: 'field', topic: 'valve/{key}' },
          },
        ],
      },
    });
    await using bridge = startSluice(['run', 'pipelines/orders.yaml', '--admin', '127.0.0.1:0'], {
      cwd: project.folder,
    });
    const metrics = `${String((await bridge.said('admin'))['url'])}/metrics`;
    await bridge.said('ready');
    const send = (messageId: string, valve: string, act: string): void =>
      void channel.sendToQueue('commands', Buffer.from(JSON.stringify({ valve, act })), {
        messageId,
        persistent: true,
      });
    const acts = (): string[] => heard.map((text) => (JSON.parse(text) as { act: string }).act);

    send('1', 'a', 'open');
    send('2', 'b', 'open');
    await waitFor(() => heard.length === 2, 15_000, 'the first two');
    // The publisher begins anew: the same ids for other commands, and one of them twice.
    send('1', 'a', 'shut');
    send('2', 'c', 'open');
    send('2', 'c', 'open');
    send('3', 'a', 'last');
    await waitFor(() => acts().includes('last'), 15_000, 'the last');
    assert.deepEqual(acts().toSorted(), ['last', 'open', 'open', 'open', 'shut']);
    const said = await parseMetrics(metrics);
    assert.equal(said.value('sluice_ids_reused_total'), 2);
    assert.equal(said.value('sluice_pipeline_repeated_total', { sluice_cause: 'sent-again' }), 1);
    assert.equal(bridge.lines().filter(({ code }) => code === 'ID_REUSED').length, 1);
    assert.match(String((await bridge.said('message-repeated'))['earlier']), /^\d{4}-/);
    bridge.signal('SIGTERM');
    await bridge.ended();
    await subscriber.endAsync(true);
  },
);

serverTest(
  'MQTT to JetStream: the stream keeps both of two messages to which their publisher gave one id',
  SERVERS,
  async () => {
    await using at = await fixture();
    await using bridge = startSluice(['run', 'pipelines/bridge.yaml'], { cwd: at.project.folder });
    await bridge.said('ready');
    const userProperties = { msgid: '1' };
    for (const body of ['{"n":1}', '{"n":2}', '{"n":2}', '{"n":3}']) {
      await at.publisher.publish('in/a', body, { userProperties });
    }
    const stored = await at.stream.read(3);
    assert.deepEqual(
      stored.map(({ body }) => Buffer.from(body).toString()),
      ['{"n":1}', '{"n":2}', '{"n":3}'],
    );
    bridge.signal('SIGTERM');
    await bridge.ended();
    assert.equal(bridge.lines().filter(({ code }) => code === 'ID_REUSED').length, 1);
  },
);
