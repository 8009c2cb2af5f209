import assert from 'node:assert/strict';
import type { KafkaDoor } from '../../harness/kafka-door.ts';
import { serverTest } from '../../harness/server-test.ts';
import { natsWords } from '../../harness/nats-client.ts';
import { ownName, sharedKafka, sharedNats } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { watchStream } from '../../harness/out-stream.ts';
import { type Bridge, startBridge } from '../../harness/bridge.ts';
import { trackProject } from '../../kill/track-project.ts';
import { bodyOf, DEADLINE_MS, frameForTest, openSink, openSource } from './ends.ts';

const COUNT = 500;
const STAMPED = { config: { 'message.timestamp.type': 'LogAppendTime' } };

interface Round {
  readonly word: string;
  /** Of the first message; the time of each further one is a millisecond later. Undefined: now. */
  readonly firstMs: number | undefined;
}

async function write(kafka: KafkaDoor, topic: string, { word, firstMs }: Round): Promise<void> {
  await using sink = await openSink(kafka.brokers, { topic });
  const timeOf = (at: number): number | undefined => (firstMs === undefined ? undefined : firstMs + at);
  await sink.deliver(
    Array.from({ length: COUNT }, (_, at) =>
      frameForTest(topic, `${word} ${at}`, { key: `k${at % 100}`, timestampMs: timeOf(at) }),
    ),
  );
}

async function makeAnew(kafka: KafkaDoor, topic: string): Promise<void> {
  await kafka.admin((admin) => admin.deleteTopics({ topics: [topic] }));
  await waitFor(() => kafka.createTopic(topic).then(() => true), DEADLINE_MS, 'the topic to be made anew');
}

/** Reads until all of the round are there. */
async function arrived(kafka: KafkaDoor, topic: string, { word }: Round): Promise<void> {
  await using source = await openSource(kafka.brokers, { topics: [topic], group: ownName('judge') });
  const found = new Set<string | null>();
  const read = source.settleUntil((taken) => {
    for (const one of taken.slice(found.size)) found.add(bodyOf(one));
    return [...found].filter((body) => body?.startsWith(`${word} `)).length === COUNT;
  });
  await read.catch((cause: unknown) => {
    const there = [...found].filter((body) => body?.startsWith(`${word} `)).length;
    throw new Error(`${there} of ${COUNT} arrived in ${topic}`, { cause });
  });
}

interface Way {
  /** Between the two rounds. Answers the bridge that is to pass on the second one. */
  readonly change: (bridge: Bridge, start: () => Bridge, anew: () => Promise<void>) => Promise<Bridge>;
  readonly isOfOldTimes: boolean;
}

const WAYS: Readonly<Record<string, Way>> = {
  'while the bridge runs': {
    async change(bridge, _start, anew) {
      await anew();
      return bridge;
    },
    isOfOldTimes: false,
  },
  'while the bridge is stopped': {
    async change(bridge, start, anew) {
      assert.equal(await bridge.terminate(DEADLINE_MS), 'exit code 0', bridge.tail());
      await anew();
      return start();
    },
    isOfOldTimes: false,
  },
  'after the bridge was killed, with messages that have the times of the old ones': {
    async change(bridge, start, anew) {
      await bridge.kill();
      await anew();
      return start();
    },
    isOfOldTimes: true,
  },
};

for (const [when, { change, isOfOldTimes }] of Object.entries(WAYS)) {
  serverTest(
    `a topic that is deleted and made anew within a second ${when} loses no message at any sink that stores ids: a log with times of its own, one with the times of the publisher, a stream, the processed ids of commands`,
    { needs: ['kafka', 'nats'] },
    async () => {
      const kafka = await sharedKafka();
      await using nats = await sharedNats();
      await using stream = await watchStream(nats.url);
      const [input, stamped, made, commands] = ['in', 'stamped', 'made', 'commands'].map((word) => ownName(word)) as [
        string,
        string,
        string,
        string,
      ];
      await kafka.createTopics([input, made, commands]);
      await kafka.createTopic(stamped, STAMPED);
      using project = trackProject();
      const from = (name: string) => ({ bus: 'log', topics: [input], group: `${input}-${name}`, sessionTimeout: '6s' });
      const file = project.pipeline('anew', {
        buses: {
          log: { bus: 'kafka', brokers: kafka.brokers },
          core: { bus: 'jetstream', ...natsWords(nats.url), create: true },
        },
        routes: [
          { name: 'stamped', from: from('stamped'), to: { bus: 'log', topic: stamped } },
          { name: 'made', from: from('made'), to: { bus: 'log', topic: made } },
          { name: 'stream', from: from('stream'), to: { bus: 'core', stream: 'OUT', subject: 'out' } },
          {
            name: 'commands',
            class: 'command',
            from: { ...from('commands'), expires: '1h' },
            to: { bus: 'log', topic: commands },
          },
        ],
      });
      const start = (): Bridge => startBridge(project.folder, file);
      const firstMs = isOfOldTimes ? Date.now() - 60_000 : undefined;
      const [old, young] = [
        { word: 'old', firstMs },
        { word: 'young', firstMs },
      ] as const;
      const all = (round: Round): Promise<unknown> =>
        Promise.all([stamped, made, commands].map((topic) => arrived(kafka, topic, round)));
      const first = start();
      await write(kafka, input, old);
      await all(old);
      await waitFor(async () => (await stream.count()) === COUNT, DEADLINE_MS, 'the stream to have the first');
      const bridge = await change(first, start, async () => {
        await makeAnew(kafka, input);
        await write(kafka, input, young);
      });
      await all(young);
      await waitFor(async () => (await stream.count()) >= 2 * COUNT, DEADLINE_MS, 'the stream to have the second');
      assert.equal(await bridge.terminate(DEADLINE_MS), 'exit code 0', bridge.tail());
    },
  );
}
