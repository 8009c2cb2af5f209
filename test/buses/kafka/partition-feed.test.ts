import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOT_NOTED } from '#contract/oddity.ts';
import { ACCEPT, RELEASE } from '#contract/delivery.ts';
import { AT } from '../../../runtime/buses/kafka/records/batch-head.ts';
import { PartitionFeed } from '../../../runtime/buses/kafka/source/partition-feed.ts';
import { FairReader } from '../../../runtime/buses/kafka/source/fair-reader.ts';
import { splitBatches, type StoredBatch } from '../../../runtime/buses/kafka/records/stored-batch.ts';
import { recordsAt } from './bare-assignment.ts';
import { bodyOf } from './ends.ts';

/** A batch of `count` records from `offset` on, after which the log goes on at `next`. */
function batch(offset: number, count: number, next = offset + count, attributes = 0): StoredBatch {
  const [made] = splitBatches(recordsAt(offset, count), []);
  assert.ok(made);
  return { ...made, nextOffset: next, isHidden: attributes !== 0 };
}

const quiet = {
  note: NOT_NOTED,
  commits: { next: 1, settled: () => 1, isConfirmed: () => false },
  awaitCommit: () => Promise.resolve(),
  checkSession: () => {},
  settled: () => {},
  passed: () => {},
};
const feedAt = (offset: number, partition = 0): PartitionFeed =>
  new PartitionFeed({ topic: 't', partition, offset, committed: offset, tag: '' }, false, quiet);

function takeAll(feed: PartitionFeed): ReturnType<PartitionFeed['peek']>[] {
  const taken = [];
  for (let record = feed.peek(); record !== undefined; record = feed.peek()) {
    feed.take();
    taken.push(record);
  }
  return taken;
}

test('a fetch that begins in the midst of a batch hands over what lies at and behind the place', () => {
  const feed = feedAt(12);
  feed.add([batch(10, 5)]);
  assert.deepEqual(
    takeAll(feed).map((record) => record?.id),
    ['t/0/12', 't/0/13', 't/0/14'],
  );
});

test('an id is that of one record: of another topic, and under a later leader, the same offset has another one', () => {
  const idAt = (tag: string, epoch: number): string | undefined => {
    const feed = new PartitionFeed({ topic: 't', partition: 0, offset: 7, committed: 7, tag }, false, quiet);
    const appended = batch(7, 1);
    appended.bytes.writeInt32BE(epoch, AT.leaderEpoch);
    feed.add([appended]);
    return takeAll(feed)[0]?.id;
  };
  const ids = [idAt('@one', 3), idAt('@other', 3), idAt('@one', 4), idAt('', 3)];
  assert.deepEqual(ids, ['t/0/7@one.3', 't/0/7@other.3', 't/0/7@one.4', 't/0/7.3']);
});

test('the position follows the settled prefix, whatever the order, and what is given back holds it', () => {
  const feed = feedAt(0);
  feed.add([batch(0, 5)]);
  const records = takeAll(feed);
  for (const at of [4, 1, 2]) records[at]?.settle(ACCEPT);
  assert.equal(feed.position, 0);
  records[0]?.settle(ACCEPT);
  assert.equal(feed.position, 3);
  records[3]?.settle(RELEASE);
  assert.equal(feed.position, 3);
  assert.equal(feed.unsettled, 1);
});

test('offsets that hold nothing to see are passed: compacted ends, markers, empty batches, aborted ones', () => {
  const feed = feedAt(0);
  feed.add([batch(0, 2, 10), batch(10, 1, 11, 1), { ...batch(11, 1, 15), count: 0 }]);
  const records = takeAll(feed);
  assert.equal(records.length, 2);
  assert.equal(feed.fetchOffset, 15, 'it is not asked for again');
  for (const record of records) record?.settle(ACCEPT);
  assert.equal(feed.position, 15);
  feed.add([batch(15, 1, 16, 1)]);
  takeAll(feed);
  assert.equal(feed.position, 16, 'with nothing open it is passed at once');
});

test('a batch that is bent is named with its place, and fetched again from there', () => {
  const feed = feedAt(0);
  const bent = batch(3, 2);
  bent.bytes[70] = (bent.bytes[70] ?? 0) ^ 1;
  feed.add([batch(0, 3), bent]);
  for (let left = 3; left > 0; left -= 1) {
    feed.peek();
    feed.take();
  }
  assert.throws(() => feed.peek(), /offset 3 \(no compression\).*checksum/);
  feed.rewind();
  assert.equal(feed.fetchOffset, 3);
  feed.add([batch(3, 2)]);
  assert.deepEqual(
    takeAll(feed).map((record) => record && bodyOf(record)),
    ['3', '4'],
  );
});

test('a record that was looked at and not taken is handed over once, also when what was fetched behind it is dropped', () => {
  for (const settledBefore of [0, 3]) {
    const feed = feedAt(0);
    feed.add([batch(0, 5)]);
    for (let left = settledBefore; left > 0; left -= 1) {
      const record = feed.peek();
      feed.take();
      record?.settle(ACCEPT);
    }
    feed.peek();
    assert.equal(feed.nextOffset, settledBefore, 'it counts as handed over');
    feed.rewind();
    feed.add([batch(feed.fetchOffset, 6 - feed.fetchOffset)]);
    const rest = takeAll(feed).map((record) => record && bodyOf(record));
    assert.deepEqual(rest, ['0', '1', '2', '3', '4', '5'].slice(settledBefore));
  }
});

test('a partition that cannot be read does not stop the others', async () => {
  const [broken, sound] = [feedAt(0, 0), feedAt(0, 1)];
  const bent = batch(0, 2);
  bent.bytes[70] = (bent.bytes[70] ?? 0) ^ 1;
  broken.add([bent]);
  sound.add([batch(0, 3)]);
  const unreadable: string[] = [];
  const turns = new FairReader(
    { messages: 10, bytes: 1000 },
    {
      unreadable: (feed) => {
        unreadable.push(feed.name);
        feed.rewind();
      },
      needsFetch: () => {},
      isLow: () => false,
      room: (unsettled) => 1000 - unsettled,
    },
  );
  turns.serve([broken, sound]);
  const read = await turns.read({ messages: 10, bytes: 1000 }, AbortSignal.timeout(1000));
  assert.deepEqual(
    read.map(({ id }) => id),
    ['t/1/0', 't/1/1', 't/1/2'],
  );
  assert.deepEqual(unreadable, ['t/0']);
});

test('what retention took is skipped behind what was fetched before, and only after that was settled', () => {
  const feed = feedAt(0);
  feed.add([batch(0, 2)]);
  feed.skipTo(100);
  assert.equal(feed.fetchOffset, 100);
  const [first, second] = takeAll(feed);
  assert.equal(feed.position, 0);
  first?.settle(ACCEPT);
  second?.settle(ACCEPT);
  assert.equal(feed.position, 100);
  feed.skipTo(200);
  assert.deepEqual(takeAll(feed), []);
  assert.equal(feed.position, 200);
});

test('a position that moves without a settlement is told, and one that a settlement moves is not told twice', () => {
  let passed = 0;
  const owner = { ...quiet, passed: () => void (passed += 1) };
  const feed = new PartitionFeed({ topic: 't', partition: 0, offset: 0, committed: 0, tag: '' }, false, owner);
  feed.add([batch(0, 1), batch(1, 1, 2, 1)]);
  const [record] = takeAll(feed);
  record?.settle(ACCEPT);
  assert.deepEqual([feed.position, passed], [2, 0]);
  feed.add([batch(2, 1, 3, 1)]);
  takeAll(feed);
  assert.deepEqual([feed.position, passed], [3, 1]);
});

test('what lies unread in a log is counted from the next message to hand over', () => {
  const feed = feedAt(3);
  assert.equal(feed.unread, 0, 'nothing is known');
  feed.reachesTo(10);
  feed.add([batch(3, 4)]);
  feed.peek();
  assert.equal(feed.unread, 7, 'what was fetched and not handed over is unread too');
  takeAll(feed);
  assert.equal(feed.unread, 3);
});
