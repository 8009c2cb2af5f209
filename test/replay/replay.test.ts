import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Bus, BusContext } from '#contract/bus.ts';
import type { Delivery } from '#contract/delivery.ts';
import type { Frame } from '#contract/frame.ts';
import type { LogPart } from '#contract/log-replay.ts';
import type { Receipt, Sink } from '#contract/sink.ts';
import type { Demand, Source } from '#contract/source.ts';
import type { SourceLag } from '#contract/source-lag.ts';
import { MarkingSink } from '../../runtime/host/replay/marking-sink.ts';
import { readerName, replayId } from '../../runtime/host/replay/replay-name.ts';
import { replayCatalog } from '../../runtime/host/replay/replay-pipeline.ts';
import { ReplayPace } from '../../runtime/host/replay/replay-pace.ts';
import { goneOf, messagesOf, ReplayProgress } from '../../runtime/host/replay/replay-progress.ts';
import { folderOf, readRecord, unfinished, writeRecord } from '../../runtime/host/replay/replay-record.ts';
import { ReplaySource } from '../../runtime/host/replay/replay-source.ts';
import { readPipeline } from '../../runtime/cli/checked-pipeline.ts';
import { replayedRoute } from '../../runtime/cli/replay-route.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { memoryProject } from '../harness/project.ts';
import { rangeMeter } from '../../runtime/cli/range-meter.ts';
import { recordedContext } from '../harness/recorded-context.ts';
import { frameForTest } from '../harness/test-frame.ts';
import { waitFor } from '../harness/wait-for.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';

const PLACE = { pipeline: 'p', route: 'r', fromMs: 1000, toMs: 2000 };
const ROOM: Demand = { messages: 100, bytes: 1_000_000 };

const part = (name: string, first: number, end: number, more: Partial<LogPart> = {}): LogPart => ({
  name,
  first,
  end,
  ...more,
});

test('the same pipeline, route and moments make the same replay, and any other makes another', () => {
  const ids = [
    PLACE,
    { ...PLACE, pipeline: 'q' },
    { ...PLACE, route: 's' },
    { ...PLACE, fromMs: 1001 },
    { ...PLACE, toMs: 2001 },
  ].map(replayId);
  assert.equal(replayId({ ...PLACE }), ids[0]);
  assert.equal(new Set(ids).size, ids.length);
  assert.match(readerName({ pipeline: 'a.b', route: 'c d' }, 'x'), /^[A-Za-z0-9_-]+$/);
});

test('a range has ended once each part was read to its end and all that was read is settled', () => {
  const progress = new ReplayProgress([part('a', 5, 8), part('b', 0, 2), part('empty', 4, 4)]);
  assert.equal(progress.take({ part: 'a', position: 4 }), 'outside');
  assert.equal(progress.take({ part: 'a', position: 5 }), 'within');
  // A gap, and a message behind the range: the last one of the range is gone.
  assert.equal(progress.take({ part: 'a', position: 9 }), 'outside');
  assert.deepEqual([progress.isRead, progress.share], [false, 3 / 5]);
  assert.equal(progress.take({ part: 'b', position: 1 }), 'within');
  assert.deepEqual([progress.isRead, progress.isIdle, progress.hasEnded, progress.read], [true, false, false, 2]);
  progress.settled();
  progress.settled();
  assert.equal(progress.hasEnded, true);
  assert.equal(progress.take({ part: 'other', position: 1 }), 'elsewhere');
});

test('an empty range has ended before anything is read', () => {
  const parts = [part('a', 5, 5), part('b', 9, 3)];
  assert.equal(new ReplayProgress(parts).hasEnded, true);
  assert.equal(messagesOf(parts), 0);
});

test('what the bus counts is believed, positions are a bound, and what retention took is added up', () => {
  const parts = [part('a', 0, 10, { messages: 4, gone: 3 }), part('b', 0, 10, { gone: 2 })];
  assert.deepEqual([messagesOf(parts), goneOf(parts)], [14, 5]);
});

test('a rate bounds what is read, and makes up for no more than a tenth of a second', () => {
  let nowMs = 0;
  const pace = new ReplayPace(100, () => nowMs);
  assert.equal(pace.room, 1);
  pace.read(1);
  assert.deepEqual([pace.room, pace.waitMs], [0, 10]);
  nowMs = 5000;
  assert.equal(pace.room, 10);
  let read = 0;
  for (; nowMs < 15_000; nowMs += 7) {
    const { room } = pace;
    if (room > 0) pace.read(room);
    read += room;
  }
  assert.ok(read >= 990 && read <= 1015, `${read} in ten seconds`);
});

/** A source of these positions of one part, which then has nothing more. */
function logOf(positions: readonly number[], lag?: () => readonly SourceLag[]) {
  const settled: number[] = [];
  const waiting = positions.map((position): Delivery => ({
    id: `in@x:${position}`,
    frame: frameForTest('in', '', { expiresAtMs: 1 }),
    attempt: 1,
    settle: () => void settled.push(position),
  }));
  const source: Source = {
    read: ({ messages }, signal) =>
      waiting.length > 0
        ? Promise.resolve(waiting.splice(0, messages))
        : new Promise((resolve) => signal.addEventListener('abort', () => resolve([]), { once: true })),
    ...(lag !== undefined && { lag: () => Promise.resolve(lag()) }),
    close: () => Promise.resolve(),
  };
  return { source, settled };
}

function replayOf(
  source: Source,
  progress: ReplayProgress,
  more: { settledTo?: () => number; renewExpiryMs?: number } = {},
) {
  return new ReplaySource(source, {
    progress,
    placeOf: (id) => ({ part: 'in@x', position: Number(id.split(':')[1]) }),
    settledTo: more.settledTo ?? (() => undefined),
    pace: undefined,
    renewExpiryMs: more.renewExpiryMs,
    nowMs: () => 1000,
  });
}

test('a replay lends the messages of the range alone, and accepts the others, as possible repetitions', async () => {
  const { source, settled } = logOf([3, 4, 5, 6, 7]);
  const progress = new ReplayProgress([part('in@x', 4, 6)]);
  const lent = await replayOf(source, progress, { renewExpiryMs: 500 }).read(ROOM, new AbortController().signal);
  assert.deepEqual(
    lent.map(({ id, attempt, frame }) => [id, attempt, frame.expiresAtMs]),
    [
      ['in@x:4', undefined, 1500],
      ['in@x:5', undefined, 1500],
    ],
  );
  assert.deepEqual([settled, progress.hasEnded], [[3, 6, 7], false]);
  lent[0]?.settle({ kind: 'accept' });
  lent[1]?.settle({ kind: 'release' });
  // A released message is not done.
  assert.equal(progress.hasEnded, false);
});

test('a range whose last messages are gone ends when the bus says that nothing waits', async () => {
  let left = 2;
  const { source } = logOf([], () => [{ destination: 'in', messages: (left -= 1) }]);
  const progress = new ReplayProgress([part('in@x', 4, 600)]);
  const stop = new AbortController();
  const reading = replayOf(source, progress).read(ROOM, stop.signal);
  await waitFor(() => progress.hasEnded, 5000, 'the end of the range');
  assert.equal(left, 0);
  stop.abort();
  assert.deepEqual(await reading, []);
});

test('a source that saves its own position ends where that has reached the end', async () => {
  const { source } = logOf([]);
  const progress = new ReplayProgress([part('in@x', 4, 600)]);
  const stop = new AbortController();
  const reading = replayOf(source, progress, { settledTo: () => 600 }).read(ROOM, stop.signal);
  await waitFor(() => progress.hasEnded, 5000, 'the end of the range');
  stop.abort();
  assert.deepEqual(await reading, []);
});

test('a log that was made anew under a replay ends it with an error', async () => {
  const { source } = logOf([4]);
  const progress = new ReplayProgress([part('in@y', 4, 6)]);
  await assert.rejects(replayOf(source, progress).read(ROOM, new AbortController().signal), /another one is there/);
});

test('each message is marked, one of a guard stays as it is, and what the sink removed is counted', async () => {
  const sent: Frame[] = [];
  const receipts: Receipt[] = ['confirmed', 'duplicate'];
  const sink: Sink = {
    maxInFlight: 7,
    send: (frame) => Promise.resolve(receipts[sent.push(frame) - 1] ?? 'confirmed'),
    recoverIds: () => Promise.reject(new Error('not asked')),
    close: () => Promise.resolve(),
  };
  const tally = { duplicates: 0 };
  const marking: Sink = new MarkingSink(sink, tally);
  await marking.send(frameForTest('out', '', { headers: new Map([['replayed', ['possible']]]) }));
  await marking.send({ ...frameForTest('out'), sealed: true });
  assert.deepEqual(
    sent.map(({ headers }) => headers.get('replayed')),
    [['yes'], undefined],
  );
  assert.deepEqual([tally.duplicates, marking.maxInFlight, 'recoverIds' in marking], [1, 7, false]);
});

test('an interrupted replay is found again, and one that left dead letters is not taken up', () => {
  using root = temporaryFolder('replays');
  const first = folderOf(root.path, 'abc');
  assert.deepEqual([first.id, first.record], ['abc', undefined]);
  const record = { ...PLACE, id: 'abc', reader: 'p_r_replay-abc', parts: [part('a', 1, 2)], isFinished: false };
  writeRecord(first.folder, record);
  assert.deepEqual(folderOf(root.path, 'abc').record, record);
  assert.deepEqual(unfinished(root.path), [record]);
  writeRecord(first.folder, { ...record, isFinished: true });
  assert.deepEqual([folderOf(root.path, 'abc').id, unfinished(root.path)], ['abc-2', []]);
  // Cut off by a full disk: the range is looked up again.
  const torn = join(root.path, 'torn');
  mkdirSync(torn);
  writeFileSync(join(torn, 'replay.json'), '{"rea');
  assert.equal(readRecord(torn), undefined);
});

test('a terminal sees a bar with the rate and what is left; nothing else sees it', () => {
  const drawn = (isTTY: boolean): string => {
    let out = '';
    let nowMs = 0;
    const stream = { isTTY, columns: 100, write: (text: string) => ((out += text), true) };
    const meter = rangeMeter(stream, () => nowMs);
    meter.show({ share: 0, read: 0, all: 100, counts: [] });
    nowMs = 10_000;
    meter.show({ share: 0.5, read: 50, all: 100, counts: ['2 expired'] });
    meter.end();
    return out;
  };
  assert.equal(drawn(false), '');
  const [, , half] = drawn(true).split('\r\u001B[K');
  assert.equal(half, `[${'#'.repeat(15).padEnd(30)}] 50 % of 100, 5/s, 10 s left, 2 expired\n`);
});

test('a source that keeps nothing is refused, with the reason and what to use', async () => {
  using project = memoryProject();
  const { result } = readPipeline(project.path('pipelines/p.yaml'), 'run');
  assert.ok(result.spec);
  const refusal = /found r: memory keeps no messages that were delivered; replay its dead letters/;
  await assert.rejects(replayedRoute(result.spec, catalog, undefined), refusal);
  await assert.rejects(replayedRoute(result.spec, catalog, 's'), /expected --route with one of r, found s/);
});

test('the sinks of a replay have names of their own, so that no broker takes them for those of the running pipeline', async () => {
  const routes: string[] = [];
  const memory = catalog.buses.get('memory');
  assert.ok(memory);
  const watched: Bus = {
    ...memory,
    openSink(options, context: BusContext) {
      routes.push(context.route);
      return memory.openSink(options, context);
    },
  };
  const wrapped = replayCatalog({ ...catalog, buses: new Map([['memory', watched]]) }, 'memory', {
    id: 'abc',
    replay: { placeOf: () => undefined },
    reading: { progress: new ReplayProgress([]), pace: undefined, renewExpiryMs: undefined, nowMs: Date.now },
    tally: { duplicates: 0 },
  });
  const options = { connection: { hub: 'names' }, end: { address: 'out' } };
  for (const route of ['r', 'r-to2']) {
    const { context } = recordedContext('sink', { route });
    await (await wrapped.buses.get('memory')?.openSink(options, context))?.close();
  }
  assert.deepEqual(routes, ['r_replay-abc', 'r-to2_replay-abc']);
});
