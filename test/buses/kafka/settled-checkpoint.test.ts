import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnsyncedCheckpoint } from '#contract/unsynced-checkpoint.ts';
import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import type { Assignment } from '../../../runtime/buses/kafka/source/assignment.ts';
import { dice, seedOfRun } from '../../kill/random.ts';
import { bareAssignment } from './bare-assignment.ts';

const READ_MS = 500;
const WINDOW = 20;
const BYTES = 1e9;
const offsetOf = ({ id }: Delivery): number => Number(/^t\/0\/(\d+)/.exec(id)?.[1]);

/** What outlives a process: its checkpoint, and what the group has. */
function leftover() {
  const kept = { text: undefined as string | undefined, writings: 0 };
  const checkpoint: UnsyncedCheckpoint = {
    read: () => kept.text,
    write(text) {
      kept.text = text;
      kept.writings += 1;
      return true;
    },
  };
  return { checkpoint, kept, group: { offset: 0, metadata: '' } };
}

type Leftover = ReturnType<typeof leftover>;
type Given = Partial<Parameters<typeof bareAssignment>[0]>;

async function started({ checkpoint, group }: Leftover, more: Given = {}) {
  const made = bareAssignment({ isFenced: false, perFetch: 50, window: WINDOW, topicId: 'a1', checkpoint, ...more });
  await made.begin(group);
  const read = (messages: number): Promise<readonly Delivery[]> =>
    made.assignment.read({ messages, bytes: BYTES }, AbortSignal.timeout(READ_MS));
  return { ...made, read };
}

/** Reads ten, settles all but 3 and 5, and is killed before anything was committed. */
async function killed(left: Leftover): Promise<void> {
  using made = await started(left);
  for (const delivery of await made.read(10)) if (![3, 5].includes(offsetOf(delivery))) delivery.settle(ACCEPT);
  // Until the window is full, for which the checkpoint has to be written.
  for (let unsettled = 2; unsettled < WINDOW;) unsettled += (await made.read(WINDOW)).length;
}

test('however a process is killed, and whatever became of its commits, one window of messages comes again at the most', async (t) => {
  const seed = seedOfRun();
  t.diagnostic(`SLUICE_SEED=${seed}`);
  const throws = dice(seed);
  let most = 0;
  for (let run = 0; run < 40; run += 1) {
    const left = leftover();
    const handedOver = new Set<number>();
    for (let life = 0; life < 5; life += 1) {
      using made = await started(left, { isFenced: throws(0, 1) === 0, perFetch: throws(1, 60) });
      const unsettled: Delivery[] = [];
      for (let step = throws(0, 40); step >= 0; step -= 1) {
        const room = WINDOW - unsettled.length;
        if (room > 0) {
          for (const delivery of await made.read(throws(1, room))) {
            handedOver.add(offsetOf(delivery));
            unsettled.push(delivery);
          }
        }
        for (let count = throws(0, unsettled.length); count > 0; count -= 1) {
          unsettled.splice(throws(0, unsettled.length - 1), 1)[0]?.settle(ACCEPT);
        }
        if (throws(0, 4) === 0) commit(made.assignment, left, throws(0, 2));
      }
      const repeated = await repeatedBy(left, handedOver);
      most = Math.max(most, repeated);
      assert.ok(repeated <= WINDOW, `${repeated} in run ${run}, life ${life}`);
    }
  }
  assert.ok(most > 0, 'nothing came again at all: it proves nothing');
});

/** How many of these come again to a process that begins now. It leaves nothing behind. */
async function repeatedBy({ checkpoint, group }: Leftover, handedOver: ReadonlySet<number>): Promise<number> {
  const look = { checkpoint: { read: () => checkpoint.read(), write: () => false }, window: 1000, perFetch: 1000 };
  using made = await started({ ...leftover(), group: { ...group } }, look);
  return (await made.read(1000)).filter((delivery) => handedOver.has(offsetOf(delivery))).length;
}

/** 0: it does not arrive; 1: it does, and its answer does not; 2: both do. */
function commit(assignment: Assignment, { group }: Leftover, fate: number): void {
  const begun = assignment.beginCommit();
  const [place] = begun.places;
  if (place === undefined || fate === 0) return;
  group.offset = place.offset;
  group.metadata = place.metadata;
  if (fate === 2) assignment.committed(begun);
}

test('what a killed process had settled is not read again, and is in the next commit', async () => {
  const left = leftover();
  await killed(left);
  using made = await started(left);
  const read = await made.read(4);
  assert.deepEqual(read.map(offsetOf), [3, 5, 10, 11]);
  const [place] = made.assignment.beginCommit().places;
  assert.equal(place?.offset, 3);
});

test('what the metadata of a commit has no room for is in the checkpoint', async () => {
  const left = leftover();
  const before = await started(left, { maxMetadataBytes: 0 });
  for (const delivery of await before.read(10)) if (offsetOf(delivery) !== 3) delivery.settle(ACCEPT);
  commit(before.assignment, left, 1);
  before.assignment.pause();
  assert.deepEqual(left.group, { offset: 3, metadata: '' });
  using made = await started(left);
  assert.deepEqual((await made.read(3)).map(offsetOf), [3, 10, 11]);
});

for (const [what, change] of [
  ['the offset was set by an operator', (left: Leftover) => void (left.group.offset = 2)],
  ['another process has committed since', (left: Leftover) => void (left.group.metadata = 'theirs')],
] as const) {
  test(`the checkpoint counts for nothing where ${what}`, async () => {
    const left = leftover();
    await killed(left);
    change(left);
    using made = await started(left);
    const from = left.group.offset;
    assert.deepEqual((await made.read(4)).map(offsetOf), [from, from + 1, from + 2, from + 3]);
  });
}

for (const [what, given] of [
  ['the topic was made anew', { topicId: 'b2' }],
  ['the route reads in another group', { group: 'other' }],
  ['the server has no ids of topics', { topicId: undefined }],
] as const) {
  test(`the checkpoint counts for nothing where ${what}`, async () => {
    const left = leftover();
    await killed(left);
    using made = await started(left, given);
    assert.deepEqual((await made.read(4)).map(offsetOf), [0, 1, 2, 3]);
  });
}

test('after an orderly end an operator may set the group back to any offset, and it is read from there', async () => {
  for (const back of [0, 10]) {
    const left = leftover();
    {
      using made = await started(left);
      for (let time = 0; time < 2; time += 1) {
        for (const delivery of await made.read(10)) delivery.settle(ACCEPT);
        made.assignment.committed(made.assignment.beginCommit());
      }
      made.assignment.endCheckpoint();
    }
    using again = await started({ ...left, group: { offset: back, metadata: '' } });
    assert.deepEqual((await again.read(3)).map(offsetOf), [back, back + 1, back + 2]);
  }
});

test('where the last commit failed the checkpoint stays for the next process', async () => {
  const left = leftover();
  {
    using made = await started(left);
    for (const delivery of await made.read(10)) delivery.settle(ACCEPT);
    made.assignment.beginCommit();
    made.assignment.endCheckpoint();
  }
  using again = await started(left);
  assert.deepEqual((await again.read(3)).map(offsetOf), [10, 11, 12]);
});

test('a checkpoint that cannot be written, or read, stops nothing', async () => {
  const left = leftover();
  await killed(left);
  for (const text of [undefined, '', 'sluice2 of another form', left.kept.text?.replace('"places"', '"others"')]) {
    using made = await started({ ...left, checkpoint: { read: () => text, write: () => false } });
    let taken = 0;
    for (let round = 0; round < 10; round += 1) {
      for (const delivery of await made.read(WINDOW)) {
        taken += 1;
        delivery.settle(ACCEPT);
      }
    }
    assert.ok(taken > WINDOW * 5, `${taken}`);
  }
});

test('an idle route writes nothing, and one that is slow writes once for half a window', async () => {
  const left = leftover();
  using made = await started(left);
  for (let number = 0; number < WINDOW * 10; number += 1) {
    for (const delivery of await made.read(1)) delivery.settle(ACCEPT);
  }
  assert.ok(left.kept.writings <= 20, `${left.kept.writings} writings`);
  const before = left.kept.writings;
  const reading = made.assignment.read({ messages: 1, bytes: BYTES }, AbortSignal.timeout(50));
  made.assignment.pause();
  await reading;
  assert.equal(left.kept.writings, before);
});

test('writing takes a small part of the time, however long one writing takes, and messages flow on', async () => {
  const [TAKES_MS, FOR_MS] = [5, 1000];
  const left = leftover();
  const slow = {
    read: () => undefined,
    write(text: string): boolean {
      const endMs = performance.now() + TAKES_MS;
      while (performance.now() < endMs);
      return left.checkpoint.write(text);
    },
  };
  using made = await started({ ...left, checkpoint: slow });
  const endMs = performance.now() + FOR_MS;
  let taken = 0;
  while (performance.now() < endMs) {
    for (const delivery of await made.read(WINDOW)) {
      taken += 1;
      delivery.settle(ACCEPT);
    }
  }
  const { writings } = left.kept;
  // The first ones show how long one takes.
  assert.ok(writings <= 10 + FOR_MS / (TAKES_MS * 40), `${writings} writings`);
  assert.ok(taken >= WINDOW * 2, `${taken} messages`);
});
