import assert from 'node:assert/strict';
import { ACCEPT, type Delivery, RELEASE, type Outcome } from '#contract/delivery.ts';
import { SluiceError } from '#contract/errors.ts';
import { type ConformanceTest, onlyRedelivering } from '../conformance-test.ts';
import { openSink, openSource } from '../ends.ts';
import { frameOf, numbered, textOf } from '../frame-of.ts';
import type { Fixture } from '../fixture.ts';
import { sendAll, sendOne } from '../send-all.ts';

const COUNT = 12;

const texts = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ frame }) => textOf(frame));
const names = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, at) => `m${from + at}`);

/**
 * Sends m0 to m11, lets `settle` do as it likes with them, closes the source, opens it anew and reads up to a frame sent
 * after all that: what comes before it has come back.
 */
async function comesBack(
  fixture: Fixture,
  settle: (read: readonly Delivery[]) => void,
): Promise<{ first: Delivery[]; again: Delivery[] }> {
  await using writer = await openSink(fixture);
  let first: Delivery[];
  {
    await using reader = await openSource(fixture);
    await sendAll(fixture, writer.sink, numbered(fixture, COUNT));
    first = await reader.take(COUNT);
    assert.deepEqual(texts(first), names(0, COUNT));
    settle(first);
  }
  await sendOne(fixture, writer.sink, frameOf(fixture, 'last'));
  await using reader = await openSource(fixture);
  const read = await reader.readUntil((so) => so.some(({ frame }) => textOf(frame) === 'last'));
  const again = read.filter(({ frame }) => textOf(frame) !== 'last');
  return { first, again };
}

const settleAll = (outcome: Outcome) => (read: readonly Delivery[]) => {
  for (const delivery of read) delivery.settle(outcome);
};

const accepted: ConformanceTest = {
  name: 'accepted',
  sentence:
    'what was accepted does not come back; what was not comes back, in order, under the same id, as seen before',
  excludes: onlyRedelivering,
  async judge(fixture) {
    const { first, again } = await comesBack(fixture, (read) => settleAll(ACCEPT)(read.slice(0, 5)));
    assert.deepEqual(texts(again), names(5, COUNT));
    assert.deepEqual(new Set(first.map(({ id }) => id)).size, COUNT, 'ids are unique');
    for (const [at, delivery] of again.entries()) {
      if (fixture.source.carriesHeaders) assert.equal(delivery.id, first[at + 5]?.id, 'the id is the same again');
      assert.notEqual(delivery.attempt, 1, 'a delivery that was handed out before does not call itself the first');
    }
  },
};

const anyOrder: ConformanceTest = {
  name: 'any-order',
  sentence: 'deliveries may be accepted in any order',
  excludes: onlyRedelivering,
  async judge(fixture) {
    const { again } = await comesBack(fixture, (read) => settleAll(ACCEPT)(read.toReversed()));
    assert.deepEqual(texts(again), []);
  },
};

const rejected: ConformanceTest = {
  name: 'rejected',
  sentence: 'a rejected delivery does not come back',
  excludes: onlyRedelivering,
  async judge(fixture) {
    const cause = new SluiceError('SCHEMA_INVALID', 'a planted refusal');
    const { again } = await comesBack(fixture, settleAll({ kind: 'reject', cause }));
    assert.deepEqual(texts(again), []);
  },
};

const released: ConformanceTest = {
  name: 'given-back',
  sentence: 'a delivery that is given back comes back at the next start, in order',
  excludes: onlyRedelivering,
  async judge(fixture) {
    const { again } = await comesBack(fixture, settleAll(RELEASE));
    assert.deepEqual(texts(again), names(0, COUNT));
  },
};

const staleEpoch: ConformanceTest = {
  name: 'stale-epoch',
  sentence: 'a settlement that comes after its connection is gone throws nothing and takes no other delivery with it',
  excludes: onlyRedelivering,
  async judge(fixture) {
    await using writer = await openSink(fixture);
    {
      await using reader = await openSource(fixture);
      await sendAll(fixture, writer.sink, numbered(fixture, 3));
      const [first] = await reader.take(3);
      const lost = reader.recorded.nextReport('disconnected');
      await fixture.sourcePath.cut();
      await lost;
      first?.settle(ACCEPT);
      const back = reader.recorded.nextReport('connected');
      await fixture.sourcePath.mend();
      await back;
      await sendAll(fixture, writer.sink, [frameOf(fixture, 'm3', { id: 'id-3' })]);
      await reader.readUntil((read) => texts(read).includes('m3'));
    }
    await sendAll(fixture, writer.sink, [frameOf(fixture, 'last')]);
    await using reader = await openSource(fixture);
    const read = texts(await reader.readUntil((so) => texts(so).includes('last')));
    assert.deepEqual(
      read.filter((text) => text !== 'm0'),
      [...names(1, 4), 'last'],
    );
  },
};

export const SETTLEMENT: readonly ConformanceTest[] = [accepted, anyOrder, rejected, released, staleEpoch];
