import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsMsg } from '@nats-io/jetstream';
import { publishNats } from '../brokers/nats-messages.ts';
import { type Bridge, startBridge } from '../harness/bridge.ts';
import { startNats } from '../harness/nats.ts';
import { newProject } from '../harness/project.ts';
import { serverTest } from '../harness/server-test.ts';
import { testStream, type TestStream } from '../harness/test-stream.ts';
import { waitFor } from '../harness/wait-for.ts';
import { backlog } from './backlog.ts';
import { FLAWLESS, judge, type Mark } from './judge.ts';

const TOTAL = 3000;
const WINDOW = 64;
const DEADLINE_MS = 60_000;
/** While one sink is away: long enough for the other to pass everything, if nothing held the route. */
const AWAY_MS = 1500;

const isEven = ({ number }: Mark): boolean => number % 2 === 0;

function markOf(message: JsMsg): Mark {
  const { unit, n } = message.json<{ unit: string; n: number }>();
  return { key: unit, number: n };
}

interface Case {
  readonly trafficClass: 'event' | 'command';
  readonly killsBridge: boolean;
}

async function drain({ trafficClass, killsBridge }: Case): Promise<void> {
  await using near = await startNats();
  await using far = await startNats();
  await using source = await testStream(near.url, 'REPORTS', ['reports.>']);
  await using all = await testStream(near.url, 'ALL', ['all.>']);
  const even = await testStream(far.url, 'EVEN', ['even.>']);
  await even[Symbol.asyncDispose]();
  const sent = [...backlog(8, TOTAL)];
  const bodies = sent.map(({ key, number }) => ({ key, body: Buffer.from(JSON.stringify({ unit: key, n: number })) }));
  await publishNats(near.url, 'reports', bodies, true);
  using project = newProject({
    'pipelines/list.yaml': {
      name: 'list',
      buses: { near: { bus: 'jetstream', url: near.url }, far: { bus: 'jetstream', url: far.url } },
      routes: [
        {
          name: 'r',
          class: trafficClass,
          from: {
            bus: 'near',
            stream: 'REPORTS',
            key: '{subject.1}',
            window: { messages: WINDOW },
            ...(trafficClass === 'command' && { expires: '1h' }),
          },
          to: [
            { bus: 'near', stream: 'ALL', subject: 'all.{key}' },
            { bus: 'far', stream: 'EVEN', subject: 'even.{key}', when: 'body.n % 2 == 0' },
          ],
        },
      ],
    },
  });
  const start = (): Bridge => startBridge(project.folder, project.path('pipelines/list.yaml'));
  let bridge = start();
  try {
    await bridge.ready();
    await reaches(all, 400);
    await far.kill();
    await sleep(AWAY_MS);
    const held = await all.count();
    assert.ok(held < TOTAL, 'all was drained before the kill: it proves nothing');
    if (killsBridge) await bridge.kill();
    else {
      await sleep(AWAY_MS);
      // Messages of both kinds alternate in bursts: within the window the other sink stands still too.
      assert.equal(await all.count(), held, 'the sink that is there got more than the window');
    }
    await far.restart();
    if (killsBridge) bridge = start();
    await reaches(all, TOTAL);
    // The same stream again: the server kept it.
    await using again = await testStream(far.url, 'EVEN', ['even.>']);
    await reaches(again, sent.filter(isEven).length);
    await waitFor(async () => (await source.unacknowledged()) === 0, DEADLINE_MS, 'the source to be settled');
    assert.deepEqual(judge(sent, await all.read(markOf)), FLAWLESS);
    assert.deepEqual(judge(sent.filter(isEven), await again.read(markOf)), FLAWLESS);
  } finally {
    await bridge.kill();
  }
}

async function reaches(stream: TestStream, count: number): Promise<void> {
  await waitFor(async () => (await stream.count()) >= count, DEADLINE_MS, `${count} messages in ${stream.name}`);
}

for (const trafficClass of ['event', 'command'] as const) {
  serverTest(
    `class ${trafficClass}: the server of one of two sinks is killed: the route is held, and both have everything once and in order`,
    { needs: ['nats-process'] },
    () => drain({ trafficClass, killsBridge: false }),
  );

  serverTest(
    `class ${trafficClass}: the server of one of two sinks and then the bridge are killed: both sinks have everything once and in order`,
    { needs: ['nats-process'] },
    () => drain({ trafficClass, killsBridge: true }),
  );
}

serverTest(
  'two sinks of one route into one stream: neither swallows the messages of the other, also after a kill of the bridge',
  { needs: ['nats-process'] },
  async () => {
    await using server = await startNats();
    await using source = await testStream(server.url, 'REPORTS', ['reports.>']);
    await using both = await testStream(server.url, 'BOTH', ['all.>', 'even.>']);
    const sent = [...backlog(8, TOTAL)];
    const bodies = sent.map(({ key, number }) => ({
      key,
      body: Buffer.from(JSON.stringify({ unit: key, n: number })),
    }));
    await publishNats(server.url, 'reports', bodies, true);
    using project = newProject({
      'pipelines/list.yaml': {
        name: 'list',
        buses: { near: { bus: 'jetstream', url: server.url } },
        routes: [
          {
            name: 'r',
            from: { bus: 'near', stream: 'REPORTS', key: '{subject.1}' },
            to: [
              { bus: 'near', stream: 'BOTH', subject: 'all.{key}' },
              { bus: 'near', stream: 'BOTH', subject: 'even.{key}', when: 'body.n % 2 == 0' },
            ],
          },
        ],
      },
    });
    const start = (): Bridge => startBridge(project.folder, project.path('pipelines/list.yaml'));
    let bridge = start();
    try {
      await reaches(both, 500);
      await bridge.kill();
      bridge = start();
      await reaches(both, TOTAL + sent.filter(isEven).length);
      await waitFor(async () => (await source.unacknowledged()) === 0, DEADLINE_MS, 'the source to be settled');
      const stored = await both.read((message) => ({ way: message.subject.split('.')[0], mark: markOf(message) }));
      const on = (wanted: string): readonly Mark[] => stored.flatMap(({ way, mark }) => (way === wanted ? [mark] : []));
      assert.deepEqual(judge(sent, on('all')), FLAWLESS);
      assert.deepEqual(judge(sent.filter(isEven), on('even')), FLAWLESS);
    } finally {
      await bridge.kill();
    }
  },
);
