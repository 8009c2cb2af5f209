import assert from 'node:assert/strict';
import { connectAsync } from 'mqtt';
import { SHAPES } from '../buses/topic-shapes.ts';
import { serverTest } from '../harness/server-test.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { natsWords } from '../harness/nats-client.ts';
import { ownName, sharedNats } from '../harness/shared.ts';
import { waitFor } from '../harness/wait-for.ts';
import { clientIdAt } from './field-to-core.ts';
import { newProject } from '../harness/project.ts';
import { newPublisher } from './publisher.ts';
import { startSluice } from '../harness/sluice-process.ts';

const TOPICS = [...SHAPES, 'fleet/100%/a b', 'fleet/car%2E5/ä*>'];

serverTest(
  'a whole tree of topics goes over JetStream to another MQTT server, every topic as it was',
  { needs: ['mosquitto', 'nats'] },
  async () => {
    await using here = await startMosquitto();
    await using there = await startMosquitto();
    await using core = await sharedNats();
    const mqtt = (url: string): object => ({ bus: 'mqtt', url, protocol: '5', clientId: clientIdAt(url) });
    using project = newProject({
      'pipelines/trees.yaml': {
        name: ownName('trees'),
        buses: {
          here: mqtt(here.url),
          there: mqtt(there.url),
          core: { bus: 'jetstream', ...natsWords(core.url), create: true },
        },
        routes: [
          {
            name: 'in',
            from: { bus: 'here', topics: ['#'] },
            to: { bus: 'core', stream: 'TREE', subject: 'tree.{topic.0+}' },
          },
          {
            name: 'out',
            from: { bus: 'core', stream: 'TREE', subjects: ['tree.>'] },
            to: { bus: 'there', topic: '{subject.1+}' },
          },
        ],
      },
    });
    const reader = await connectAsync(there.url, { protocolVersion: 5 });
    const heard: string[] = [];
    reader.on('message', (topic) => heard.push(topic));
    await reader.subscribeAsync('#', { qos: 1 });
    await using bridge = startSluice(['run', 'pipelines/trees.yaml'], { cwd: project.folder });
    await bridge.said('ready');
    await using publisher = await newPublisher(here.url);
    for (const topic of TOPICS) await publisher.publish(topic, topic);
    await waitFor(() => heard.length >= TOPICS.length, 15_000, 'every topic');
    assert.deepEqual(heard.toSorted(), TOPICS.toSorted());
    await reader.endAsync(true);
    bridge.signal('SIGTERM');
    assert.equal(await bridge.ended(), 0);
  },
);
