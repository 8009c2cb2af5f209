import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import { writeMetadata } from '../../../runtime/buses/kafka/source/commit-metadata.ts';
import { bareAssignment } from './bare-assignment.ts';

const ROOM = { messages: 6, bytes: 1e9 };
const READ_MS = 500;
const offsetsOf = (read: readonly Delivery[]): readonly number[] =>
  read.map(({ id }) => Number(id.split('/').at(-1)?.split('.')[0]));

/** An instance that has read 0 to 5 and settled 0, whose generation is lost while 1 to 5 are in flight. */
async function interrupted(isFenced: boolean) {
  const made = bareAssignment({ isFenced, perFetch: 20 });
  await made.begin({ offset: 0 });
  const read = async (): Promise<readonly Delivery[]> => made.assignment.read(ROOM, AbortSignal.timeout(READ_MS));
  const before = await read();
  before[0]?.settle(ACCEPT);
  const commit = made.assignment.beginCommit();
  made.assignment.committed(commit);
  made.assignment.pause();
  made.assignment.revoke();
  return { ...made, before, read, own: commit.places[0] };
}

/** The metadata of a process that has settled these offsets behind offset 1. */
const metadataOf = (from: number, to: number): string =>
  writeMetadata({ offset: 1, tag: '', leaderEpoch: 0, settled: [{ from, to }] }, 4000).text;

test('what another instance has settled behind the same offset is not sent again, and stays in the next commit', async () => {
  for (const isFenced of [true, false]) {
    const made = await interrupted(isFenced);
    await made.begin({ offset: 1, metadata: metadataOf(4, 9) });
    const read = await made.read();
    assert.deepEqual(offsetsOf(read), [1, 2, 3, 9, 10, 11], `isFenced: ${isFenced}`);
    // What was in flight before is none of it.
    made.before[2]?.settle(ACCEPT);
    assert.deepEqual(
      made.assignment
        .beginCommit()
        .places.map(({ offset }) => offset)
        .filter((offset) => offset > 1),
      [],
    );
    read[0]?.settle(ACCEPT);
    const [next] = made.assignment.beginCommit().places;
    assert.equal(next?.offset, 2);
    assert.deepEqual(next?.feed.settlement().settled, [{ from: 4, to: 9 }]);
    made.assignment.pause();
  }
});

test('an instance of class event or audit goes on where it was if the commit is its own, or says nothing of what is behind', async () => {
  for (const metadata of ['own', '']) {
    const made = await interrupted(false);
    await made.begin({ offset: 1, metadata: metadata === 'own' ? (made.own?.metadata ?? '') : metadata });
    assert.deepEqual(offsetsOf(await made.read()), [6, 7, 8, 9, 10, 11]);
    made.before[1]?.settle(ACCEPT);
    assert.equal(made.assignment.beginCommit().places[0]?.offset, 2, 'what was in flight is not committed');
    made.assignment.pause();
  }
});
