import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CommitCount } from '../../../runtime/buses/kafka/source/commit-count.ts';
import { CommitState } from '../../../runtime/buses/kafka/source/commit-state.ts';
import { OpenRecords, type Stretch } from '../../../runtime/buses/kafka/source/open-records.ts';
import { SettledAhead } from '../../../runtime/buses/kafka/source/settled-ahead.ts';

const stretch = (nextOffset: number): Stretch => ({
  nextOffset,
  isSettled: false,
  before: undefined,
  after: undefined,
  isLinked: false,
});

const act = fc.oneof(
  fc.record({ kind: fc.constant('push' as const) }),
  fc.record({ kind: fc.constant('pass' as const), by: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constant('skip' as const) }),
  fc.record({ kind: fc.constant('settle' as const), pick: fc.nat() }),
);

test('under any order of settlements position and settled ranges are those of a list of all offsets, and stretches stay few', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
      const records = new OpenRecords(7);
      const open: Stretch[] = [];
      /** From offset 7 on: whether each is settled. An offset without a record belongs to what stands before it. */
      const offsets: boolean[] = [];
      const places = new Map<Stretch, number>();
      const owner: (Stretch | undefined)[] = [];
      for (const one of acts) {
        const next = 7 + offsets.length;
        if (one.kind === 'push') {
          const record = stretch(next + 1);
          records.push(record);
          open.push(record);
          places.set(record, offsets.length);
          offsets.push(false);
          owner.push(record);
        } else if (one.kind === 'pass') {
          records.pass(next + one.by);
          const last = owner.at(-1);
          for (let step = 0; step < one.by; step += 1) {
            offsets.push(offsets.at(-1) ?? true);
            owner.push(last);
          }
        } else if (one.kind === 'skip') {
          records.skip(next + 1);
          offsets.push(true);
          owner.push(undefined);
        } else if (open.length > 0) {
          const [record] = open.splice(one.pick % open.length, 1);
          if (record === undefined) continue;
          record.isSettled = true;
          records.settled(record);
          for (const [at, of] of owner.entries()) if (of === record) offsets[at] = true;
        }
        const firstOpen = offsets.indexOf(false);
        const position = firstOpen < 0 ? 7 + offsets.length : 7 + firstOpen;
        assert.equal(records.position, position);
        const ranges = records.settledBeyond();
        const beyond = offsets.flatMap((isSettled, at) => (isSettled && 7 + at > position ? [7 + at] : []));
        assert.deepEqual(
          ranges.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, at) => from + at)),
          beyond,
        );
        assert.ok(ranges.length <= open.length, 'neighbours are not one stretch');
      }
    }),
    { numRuns: 300 },
  );
});

test('what another process has settled is known by its offset, until the log turns out to be written anew', () => {
  const known = { offset: 5, tag: '', leaderEpoch: 3, settled: [6, 9, 20].map((from) => ({ from, to: from + 2 })) };
  const ahead = new SettledAhead(known);
  ahead.reads(2);
  assert.deepEqual(
    [5, 6, 7, 8, 9].map((offset) => ahead.holds(offset)),
    [false, true, true, false, true],
  );
  assert.deepEqual(ahead.behind(10), [
    { from: 10, to: 11 },
    { from: 20, to: 22 },
  ]);
  assert.equal(ahead.leaderEpoch, 3);
  ahead.reads(4);
  assert.equal(ahead.holds(20), false, 'a later leader has given the offset to another record');
  assert.deepEqual(ahead.behind(10), []);
  assert.equal(ahead.leaderEpoch, 4);
});

test('a settlement is durable once the commit that began next is confirmed, or a later one, and not before', async () => {
  const count = new CommitCount();
  const said: string[] = [];
  const wait = (name: string, number: number): void => void count.whenConfirmed(number).then(() => said.push(name));
  const first = count.next;
  wait('first', first);
  assert.equal(count.begin(), first);
  const second = count.next;
  wait('second', second);
  assert.deepEqual([count.isConfirmed(first), count.isAwaited], [false, true]);
  count.confirm(first);
  await Promise.resolve();
  assert.deepEqual([said, count.isConfirmed(first), count.isConfirmed(second)], [['first'], true, false]);
  // The second commit fails, and the third holds what it held.
  count.begin();
  count.confirm(count.begin());
  await Promise.resolve();
  assert.deepEqual([said, count.isAwaited], [['first', 'second'], false]);
  wait('given up', count.next);
  count.release();
  await Promise.resolve();
  assert.deepEqual(said.at(-1), 'given up');
});

test("a commit is the process's own if it was confirmed to it or sent by it, and no other", () => {
  const state = new CommitState(-1);
  assert.ok(state.lacks(0));
  state.read({ offset: 5, metadata: 'a' });
  assert.deepEqual([state.lacks(5), state.lacks(4), state.lacks(6)], [false, false, true]);
  state.changed();
  assert.deepEqual([state.lacks(5), state.lacks(4)], [true, false], 'the offset would go back');
  state.sending({ offset: 5, metadata: 'b' });
  assert.ok(state.isOwn({ offset: 5, metadata: 'a' }) && state.isOwn({ offset: 5, metadata: 'b' }));
  assert.ok(!state.isOwn({ offset: 5, metadata: '' }) && !state.isOwn({ offset: 6, metadata: 'a' }));
  const { version } = state;
  state.changed();
  state.confirmed({ offset: 5, metadata: 'b' }, version);
  assert.ok(!state.isOwn({ offset: 5, metadata: 'a' }), 'another process has committed over it');
  assert.ok(state.lacks(5), 'what was settled while the commit was under way is not in it');
});
