import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { setClassScene } from '../classes/scene.ts';
import { startKafka } from '../harness/kafka.ts';
import { law } from '../harness/law.ts';
import { startLink } from '../harness/link.ts';
import { startNats } from '../harness/nats.ts';
import { waitFor } from '../harness/wait-for.ts';
import { newProject, pipelineText } from '../host/project.ts';
import { kafkaEnd } from '../matrix/kafka-end.ts';
import { startBridge } from './bridge.ts';
import { testStream, type TestStream } from './test-stream.ts';

const COUNT = 200;
const STOP_MS = 20_000;
const ARRIVAL_MS = 30_000;
const NS = 1_000_000;

async function publish({ connection }: TestStream): Promise<void> {
  for (let n = 0; n < COUNT; n += 1) connection.publish(`in.k${n % 7}`, JSON.stringify({ n }));
  await connection.flush();
}

law(
  'a bridge that was killed before its source heard of anything stores nothing twice, though the stream has forgotten the ids',
  { needs: ['nats-process'] },
  async () => {
    await using scene = await setClassScene([
      { name: 'events', from: { key: '{subject.1}' }, to: { subject: 'out.{key}' } },
    ]);
    const { input, output, nearLink } = scene;
    const manager = await jetstreamManager(output.connection);
    await manager.streams.update('OUT', { duplicate_window: 500 * NS });
    const first = scene.start();
    await first.ready();
    // What the bridge acknowledges no longer arrives.
    nearLink.blackhole('up');
    await publish(input);
    await waitFor(async () => (await output.count()) === COUNT, ARRIVAL_MS, 'the messages');
    await first.kill();
    // Others write there too.
    for (let n = 0; n < 1000; n += 1) output.connection.publish('out.others.x', '{}');
    await sleep(1000);
    // And is not kept for later either.
    await nearLink.cut();
    await nearLink.mend();
    const second = scene.start();
    await second.ready();
    await waitFor(async () => (await input.unacknowledged()) === 0, ARRIVAL_MS, 'everything to be acknowledged');
    assert.equal(await second.metric('sluice_messages_accepted_total'), COUNT, 'all of it came again');
    assert.equal(await second.metric('sluice_frames_known_total'), COUNT);
    assert.equal(await output.count(), COUNT + 1000);
    assert.equal(await second.terminate(STOP_MS), 'exit code 0', second.tail());
  },
);

law(
  'an outage that outlasts the memory of the stream leaves nothing twice, though no confirmation arrived',
  { needs: ['nats-process'] },
  async () => {
    await using scene = await setClassScene([
      { name: 'events', from: { key: '{subject.1}' }, to: { subject: 'out.{key}', timeout: '1s' } },
    ]);
    const { input, output, link } = scene;
    const manager = await jetstreamManager(output.connection);
    await manager.streams.update('OUT', { duplicate_window: 500 * NS });
    const bridge = scene.start();
    await bridge.ready();
    link.blackhole('down');
    await publish(input);
    await waitFor(async () => (await output.count()) === COUNT, ARRIVAL_MS, 'the messages');
    await sleep(2000);
    await link.mend();
    await waitFor(async () => (await input.unacknowledged()) === 0, ARRIVAL_MS, 'everything to be acknowledged');
    assert.equal(await output.count(), COUNT);
    assert.equal(await bridge.terminate(STOP_MS), 'exit code 0', bridge.tail());
  },
);

law(
  'into Kafka, which removes no duplicates, a bridge that was killed before its source heard of anything writes nothing twice',
  { needs: ['nats-process', 'kafka-process'] },
  async () => {
    await using server = await startNats();
    await using kafka = await startKafka();
    await using nearLink = await startLink(server.port);
    await using input = await testStream(server.url, 'IN', ['in.>']);
    const far = kafkaEnd(kafka);
    await using listener = await far.listen('tail');
    using project = newProject({
      'pipelines/tail.yaml': pipelineText({
        name: 'tail',
        buses: { near: { bus: 'jetstream', url: `nats://127.0.0.1:${nearLink.port}` }, far: far.connection },
        routes: [
          {
            name: 'events',
            from: { bus: 'near', stream: 'IN', key: '{subject.1}' },
            to: { bus: 'far', ...far.to('tail') },
          },
        ],
      }),
    });
    const start = () => startBridge(project.folder, project.path('pipelines/tail.yaml'));
    const first = start();
    await first.ready();
    nearLink.blackhole('up');
    await publish(input);
    await waitFor(() => listener.arrived.length >= COUNT, ARRIVAL_MS, 'the messages');
    await first.kill();
    await nearLink.cut();
    await nearLink.mend();
    const second = start();
    await second.ready();
    await waitFor(async () => (await input.unacknowledged()) === 0, ARRIVAL_MS, 'everything to be acknowledged');
    assert.equal(await second.metric('sluice_frames_known_total'), COUNT);
    assert.equal(await second.terminate(STOP_MS), 'exit code 0', second.tail());
    assert.equal(listener.arrived.length, COUNT);
  },
);
