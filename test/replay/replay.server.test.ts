import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import type { StoredMsg } from '@nats-io/jetstream';
import { commandsOf } from '../docs/blocks.ts';
import { natsWords } from '../harness/nats-client.ts';
import { newProject } from '../harness/project.ts';
import { type Need, serverTest } from '../harness/server-test.ts';
import { sharedNats } from '../harness/shared.ts';
import { whenTestEnds } from '../harness/test-scope.ts';
import { startSluice } from '../harness/sluice-process.ts';
import { managed, storedIn } from '../harness/stream-manager.ts';
import { waitFor } from '../harness/wait-for.ts';
import { jetstreamLog, kafkaLog, type Log, rabbitLog, type Written } from './logs.ts';

const LOGS: readonly (readonly [name: string, needs: readonly Need[], open: () => Promise<Log>])[] = [
  ['JetStream', ['nats'], jetstreamLog],
  ['Kafka', ['nats', 'kafka'], kafkaLog],
  ['a RabbitMQ stream', ['nats', 'rabbitmq'], rabbitLog],
];

const RANGE = 120;
const AROUND = 20;
const WINDOW = 16;

for (const [name, needs, open] of LOGS) {
  serverTest(
    `of ${name} exactly the range is sent again, marked, in order and under its ids, beside the running pipeline; killed, it goes on; it leaves no reader`,
    { needs },
    async () => {
      await using log = await open();
      const core = await sharedNats();
      const { connection, manager } = await managed(core.url);
      whenTestEnds(() => void connection.close());
      // Ids are forgotten at once: what a replay repeats is stored.
      const out = { name: 'OUT', subjects: ['out.*'], duplicate_window: 100_000_000 };
      await manager.streams.add(out);
      using project = newProject({
        'pipelines/archive.yaml': {
          name: 'archive',
          buses: { field: log.bus, core: { bus: 'jetstream', ...natsWords(core.url) } },
          routes: [
            {
              name: 'orders',
              from: { bus: 'field', ...log.from, window: { messages: WINDOW } },
              to: { bus: 'core', stream: 'OUT', subject: 'out.{key}' },
            },
          ],
        },
      });
      await log.write(messages(AROUND, 'before'));
      const from = await nextSecond();
      await log.write(messages(RANGE, 'within'));
      const to = await nextSecond();
      await log.write(messages(AROUND, 'behind'));
      const cwd = project.folder;
      await using bridge = startSluice(['run', 'pipelines/archive.yaml'], { cwd });
      await bridge.said('ready');
      const stored = async (count: number): Promise<boolean> =>
        (await manager.streams.info('OUT')).state.messages >= count;
      const first = RANGE + 2 * AROUND;
      await waitFor(() => stored(first), 20_000, 'the first run');
      const ids = idsOf(await storedIn(manager, 'OUT'), ({ body }) => body.startsWith('within'));
      const readers = await log.readers();

      const args = ['replay', 'pipelines/archive.yaml', '--from', from, '--to', to, '--json'];
      // Killed in the middle, and the same command again: all of the range, and nothing else.
      await using killed = startSluice([...args, '--rate', '200/s'], { cwd });
      await waitFor(() => stored(first + RANGE / 3), 20_000, 'a third of the replay');
      killed.signal('SIGKILL');
      await killed.ended();
      const sent = (await manager.streams.info('OUT')).state.messages - first;
      assert.ok(sent < RANGE, `${sent} were sent before the kill`);
      await using resumed = startSluice(args, { cwd });
      assert.equal(await resumed.ended(), 0, resumed.tail());
      const both = (await storedIn(manager, 'OUT')).slice(first);
      assert.deepEqual([...new Set(idsOf(both))].toSorted(), ids.toSorted());
      assertMarked(both);
      for (const bodies of byKey(both)) assert.deepEqual([...new Set(bodies)], bodies.toSorted().filter(isFirst));
      // Of a stream, the position of the last second is lost.
      const most = name.includes('RabbitMQ') ? sent : 2 * WINDOW;
      assert.ok(both.length - RANGE <= most, `${both.length - RANGE} came twice`);
      assert.deepEqual(await log.readers(), readers);
      const replays = project.path('.sluice/archive/replay');
      assert.deepEqual(existsSync(replays) ? readdirSync(replays) : [], []);

      // The place of the pipeline is where it was: it reads the next message, and that alone.
      const before = (await manager.streams.info('OUT')).state.messages;
      await log.write([{ key: 'k1', body: 'last' }]);
      await waitFor(() => stored(before + 1), 20_000, 'the message behind the replays');
      bridge.signal('SIGTERM');
      assert.equal(await bridge.ended(), 0, bridge.tail());
      const last = (await storedIn(manager, 'OUT')).slice(before);
      assert.deepEqual(
        last.map((message) => [message.string(), message.header.get('replayed')]),
        [['last', '']],
      );
      // A range up to the end of the log ends there. Nothing interrupts it: each message comes once, in order.
      const whole = ['replay', 'pipelines/archive.yaml', '--from', to, '--to', '0s', '--json'];
      await using tail = startSluice(whole, { cwd });
      assert.equal(await tail.ended(), 0, tail.tail());
      const report = JSON.parse(tail.stdout()) as { counts: { delivered: number } };
      const again = (await storedIn(manager, 'OUT')).slice(before + 1);
      assert.deepEqual([report.counts.delivered, again.length], [AROUND + 1, AROUND + 1]);
      assertMarked(again);
      for (const bodies of byKey(again)) assert.deepEqual(bodies, bodies.toSorted());
      if (name === 'JetStream') await typed(commandsOf('docs/replay.md'), cwd);
    },
  );
}

/** The range of the page is empty, in a log that is there. */
async function typed(commands: readonly string[], cwd: string): Promise<void> {
  assert.ok(commands.length > 0);
  for (const command of commands) {
    await using sluice = startSluice(command.split(' ').slice(1), { cwd });
    assert.equal(await sluice.ended(), 0, sluice.tail());
  }
}

function messages(count: number, word: string): readonly Written[] {
  return Array.from({ length: count }, (_, at) => ({
    key: `k${at % 4}`,
    body: `${word}-${String(at).padStart(4, '0')}`,
  }));
}

function assertMarked(stored: readonly StoredMsg[]): void {
  assert.ok(stored.every((message) => message.header.get('replayed') === 'yes'));
}

const isFirst = (body: string, at: number, all: readonly string[]): boolean => all.indexOf(body) === at;

/** Waits for the next whole second, the finest time that all logs have, and returns it. */
async function nextSecond(): Promise<string> {
  const ms = Math.ceil((Date.now() + 200) / 1000) * 1000;
  await waitFor(() => Date.now() > ms + 50, 5000, 'the next second');
  return new Date(ms).toISOString();
}

function idsOf(stored: readonly StoredMsg[], takes: (one: { body: string }) => boolean = () => true): string[] {
  return stored
    .filter((message) => takes({ body: message.string() }))
    .map((message) => message.header.get('Nats-Msg-Id'));
}

function byKey(stored: readonly StoredMsg[]): readonly string[][] {
  const groups = Map.groupBy(stored, ({ subject }) => subject);
  return [...groups.values()].map((group) => group.map((message) => message.string()));
}
