import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ACCEPT } from '#contract/delivery.ts';
import { type ConformanceTest, onlyRedelivering } from '../conformance-test.ts';
import { lossesOf, openSink, openSource } from '../ends.ts';
import { hasAll, numbered, textOf } from '../frame-of.ts';
import { demand, type Fixture, type Path } from '../fixture.ts';
import { sendAll, sendUntilSeen } from '../send-all.ts';
import { judgeTraffic, type Faults, faultsAt } from '../traffic.ts';

/** Each way: a satellite, and then some. */
const DELAY_MS = 200;
const SLOW_COUNT = 200;
const COUNT = 10;
const STORM_ROUNDS = 10;
const STORM_MARKS = [150, 450, 750, 1050, 1350, 1650];
const OUTAGE_MS = 20;

const slow: ConformanceTest = {
  name: 'slow-link',
  sentence: 'a link that takes 200 ms each way costs no frame, no order and no connection',
  async judge(fixture) {
    await using reader = await openSource(fixture);
    await using writer = await openSink(fixture);
    for (const path of [fixture.sourcePath, fixture.sinkPath]) demand(path.delayMs, 'slow link')(DELAY_MS);
    const frames = numbered(fixture, SLOW_COUNT);
    const [read] = await Promise.all([reader.take(SLOW_COUNT), sendAll(fixture, writer.sink, frames)]);
    for (const delivery of read) delivery.settle(ACCEPT);
    assert.deepEqual(
      read.map(({ frame }) => textOf(frame)),
      frames.map(textOf),
    );
    assert.equal(lossesOf(reader.recorded) + lossesOf(writer.recorded), 0, 'no connection was made anew');
  },
};

async function readsOn(fixture: Fixture): Promise<void> {
  const hush = demand(fixture.sourcePath.hush, 'source path that falls silent');
  const frames = numbered(fixture, 2 * COUNT);
  const all = frames.map(textOf);
  await using writer = await openSink(fixture);
  {
    await using reader = await openSource(fixture);
    await sendAll(fixture, writer.sink, frames.slice(0, COUNT));
    const seen = new Set((await reader.take(COUNT / 2)).map(({ frame }) => textOf(frame)));
    const lost = reader.recorded.nextReport('disconnected');
    hush();
    await lost;
    await sendAll(fixture, writer.sink, frames.slice(COUNT));
    await fixture.sourcePath.mend();
    await reader.readUntil((read) => {
      for (const { frame } of read) seen.add(textOf(frame));
      return hasAll(all, seen);
    });
    assert.deepEqual([...seen], all, 'first deliveries are in order');
  }
  // Nothing was settled, so all of it is owed to whoever comes next.
  await using next = await openSource(fixture);
  await next.readUntil((read) =>
    hasAll(
      all,
      read.map(({ frame }) => textOf(frame)),
    ),
  );
}

/** Who promises at most once has no word for the moment from which on it hears again: so send until it does. */
async function hearsAgain(fixture: Fixture): Promise<void> {
  const hush = demand(fixture.sourcePath.hush, 'source path that falls silent');
  await using reader = await openSource(fixture);
  await using writer = await openSink(fixture);
  const lost = reader.recorded.nextReport('disconnected');
  hush();
  await lost;
  await fixture.sourcePath.mend();
  await sendUntilSeen(fixture, writer.sink, reader, 'after');
}

const silentSource: ConformanceTest = {
  name: 'silent-source',
  sentence: 'a source whose server says nothing any more notices, and reads on without losing what it owes',
  judge: (fixture) => (fixture.source.redelivers ? readsOn(fixture) : hearsAgain(fixture)),
};

function stormOn(path: Path): Faults {
  return faultsAt(STORM_MARKS, async () => {
    await path.cut();
    await sleep(OUTAGE_MS);
    await path.mend();
  });
}

const sourceStorm: ConformanceTest = {
  name: 'cuts-of-the-source',
  sentence: 'a source whose link is cut again and again under load loses nothing and hands on in order',
  excludes: onlyRedelivering,
  async judge(fixture) {
    const { source } = await judgeTraffic(fixture, { rounds: STORM_ROUNDS, onRead: stormOn(fixture.sourcePath) });
    assert.ok(lossesOf(source) > 0, 'the source felt a cut');
  },
};

const sinkStorm: ConformanceTest = {
  name: 'cuts-of-the-sink',
  sentence: 'a sink whose link is cut again and again under load loses nothing and keeps the order',
  async judge(fixture) {
    const { sink } = await judgeTraffic(fixture, { rounds: STORM_ROUNDS, onConfirmed: stormOn(fixture.sinkPath) });
    assert.ok(lossesOf(sink) >= STORM_MARKS.length, 'the sink felt every cut');
  },
};

export const WAY: readonly ConformanceTest[] = [slow, silentSource, sourceStorm, sinkStorm];
