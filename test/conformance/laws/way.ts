import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ACCEPT } from '#contract/delivery.ts';
import { type ConformanceLaw, onlyRedelivering } from '../conformance-law.ts';
import { lossesOf, openSink, openSource } from '../ends.ts';
import { hasAll, numbered, textOf } from '../frame-of.ts';
import { demand, type Ground, type Path } from '../ground.ts';
import { sendAll, sendUntilSeen } from '../send-all.ts';
import { judgeTraffic, type Strikes, strikesAt } from '../traffic.ts';

/** Each way: a satellite, and then some. */
const DELAY_MS = 200;
const SLOW_COUNT = 200;
const COUNT = 10;
const STORM_ROUNDS = 10;
const STORM_MARKS = [150, 450, 750, 1050, 1350, 1650];
const OUTAGE_MS = 20;

const slow: ConformanceLaw = {
  name: 'slow-link',
  sentence: 'a link that takes 200 ms each way costs no frame, no order and no connection',
  async judge(ground) {
    await using reader = await openSource(ground);
    await using writer = await openSink(ground);
    for (const path of [ground.sourcePath, ground.sinkPath]) demand(path.delayMs, 'slow link')(DELAY_MS);
    const frames = numbered(ground, SLOW_COUNT);
    const [read] = await Promise.all([reader.take(SLOW_COUNT), sendAll(ground, writer.sink, frames)]);
    for (const delivery of read) delivery.settle(ACCEPT);
    assert.deepEqual(
      read.map(({ frame }) => textOf(frame)),
      frames.map(textOf),
    );
    assert.equal(lossesOf(reader.ear) + lossesOf(writer.ear), 0, 'no connection was made anew');
  },
};

async function readsOn(ground: Ground): Promise<void> {
  const hush = demand(ground.sourcePath.hush, 'source path that falls silent');
  const frames = numbered(ground, 2 * COUNT);
  const all = frames.map(textOf);
  await using writer = await openSink(ground);
  {
    await using reader = await openSource(ground);
    await sendAll(ground, writer.sink, frames.slice(0, COUNT));
    const seen = new Set((await reader.take(COUNT / 2)).map(({ frame }) => textOf(frame)));
    const lost = reader.ear.hears('disconnected');
    hush();
    await lost;
    await sendAll(ground, writer.sink, frames.slice(COUNT));
    await ground.sourcePath.mend();
    await reader.readUntil((read) => {
      for (const { frame } of read) seen.add(textOf(frame));
      return hasAll(all, seen);
    });
    assert.deepEqual([...seen], all, 'first deliveries are in order');
  }
  // Nothing was settled, so all of it is owed to whoever comes next.
  await using next = await openSource(ground);
  await next.readUntil((read) =>
    hasAll(
      all,
      read.map(({ frame }) => textOf(frame)),
    ),
  );
}

/** Who promises at most once has no word for the moment from which on it hears again: so send until it does. */
async function hearsAgain(ground: Ground): Promise<void> {
  const hush = demand(ground.sourcePath.hush, 'source path that falls silent');
  await using reader = await openSource(ground);
  await using writer = await openSink(ground);
  const lost = reader.ear.hears('disconnected');
  hush();
  await lost;
  await ground.sourcePath.mend();
  await sendUntilSeen(ground, writer.sink, reader, 'after');
}

const silentSource: ConformanceLaw = {
  name: 'silent-source',
  sentence: 'a source whose server says nothing any more notices, and reads on without losing what it owes',
  judge: (ground) => (ground.source.redelivers ? readsOn(ground) : hearsAgain(ground)),
};

function stormOn(path: Path): Strikes {
  return strikesAt(STORM_MARKS, async () => {
    await path.cut();
    await sleep(OUTAGE_MS);
    await path.mend();
  });
}

const sourceStorm: ConformanceLaw = {
  name: 'cuts-of-the-source',
  sentence: 'a source whose link is cut again and again under load loses nothing and hands on in order',
  excludes: onlyRedelivering,
  async judge(ground) {
    const { source } = await judgeTraffic(ground, { rounds: STORM_ROUNDS, onRead: stormOn(ground.sourcePath) });
    assert.ok(lossesOf(source) > 0, 'the source felt a cut');
  },
};

const sinkStorm: ConformanceLaw = {
  name: 'cuts-of-the-sink',
  sentence: 'a sink whose link is cut again and again under load loses nothing and keeps the order',
  async judge(ground) {
    const { sink } = await judgeTraffic(ground, { rounds: STORM_ROUNDS, onConfirmed: stormOn(ground.sinkPath) });
    assert.ok(lossesOf(sink) >= STORM_MARKS.length, 'the sink felt every cut');
  },
};

export const WAY: readonly ConformanceLaw[] = [slow, silentSource, sourceStorm, sinkStorm];
