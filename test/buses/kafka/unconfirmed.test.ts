import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ACCEPT, type Delivery, type Shared } from '#contract/delivery.ts';
import { SharedSettlements } from '../../../runtime/engine/history/shared-settlements.ts';
import { bareAssignment } from './bare-assignment.ts';

const ROOM = { messages: 1000, bytes: 1e9 };
const BOUND = 65_536;
/** Of a read that hands nothing over. */
const NOTHING_MS = 300;

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

test('while commits fail the engine reads on up to a bound of messages, and goes on once the group has them', async () => {
  using made = bareAssignment({ isFenced: true, perFetch: 1000 });
  await made.begin({ offset: 0 });
  const read = (): Promise<readonly Delivery[]> => made.assignment.read(ROOM, AbortSignal.timeout(NOTHING_MS));
  let settled = 0;
  for (let taken = await read(); taken.length > 0 && settled < 2 * BOUND; taken = await read()) {
    for (const delivery of taken) delivery.settle(ACCEPT);
    settled += taken.length;
    // Commits begin, and are not confirmed.
    made.assignment.beginCommit();
  }
  assert.ok(settled >= BOUND && settled < BOUND + ROOM.messages, `${settled} were settled`);
  const reading = made.assignment.read(ROOM, AbortSignal.timeout(NOTHING_MS));
  made.assignment.committed(made.assignment.beginCommit());
  assert.ok((await reading).length > 0, 'nothing more is read');
});

test('a class that does not wait for commits reads on while they fail', async () => {
  using made = bareAssignment({ isFenced: false, perFetch: 1000 });
  await made.begin({ offset: 0 });
  let settled = 0;
  while (settled < BOUND + 2 * ROOM.messages) {
    const taken = await made.assignment.read(ROOM, AbortSignal.timeout(NOTHING_MS));
    assert.ok(taken.length > 0, `nothing after ${settled}`);
    for (const delivery of taken) delivery.settle(ACCEPT);
    settled += taken.length;
  }
});

test('what waits for a commit keeps no message in memory', async () => {
  using made = bareAssignment({ isFenced: true, perFetch: 100 });
  await made.begin({ offset: 0 });
  const settlements = new SharedSettlements();
  const waiting: Shared[] = [];
  const gone = await settledOnce(made.assignment, settlements, waiting);
  await turn();
  collect();
  const kept = gone.filter((reference) => reference.deref() !== undefined).length;
  assert.ok(gone.length > 50 && kept <= 1, `${kept} of ${gone.length} messages are kept`);
  assert.ok(waiting.every(({ isDurable }) => !isDurable));
});

/** In a function of its own, so that no variable of the test holds a delivery. */
async function settledOnce(
  source: { read(room: typeof ROOM, signal: AbortSignal): Promise<readonly Delivery[]> },
  settlements: SharedSettlements,
  waiting: Shared[],
): Promise<readonly WeakRef<object>[]> {
  const taken = await source.read(ROOM, AbortSignal.timeout(NOTHING_MS));
  return taken.map((delivery) => {
    delivery.settle(ACCEPT);
    assert.ok(delivery.shared);
    waiting.push(delivery.shared);
    settlements.settled(delivery.id, delivery.shared);
    return new WeakRef(delivery.frame);
  });
}
