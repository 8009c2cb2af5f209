import assert from 'node:assert/strict';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { KafkaError } from '../../../runtime/buses/kafka/kafka-error.ts';
import { CommitState } from '../../../runtime/buses/kafka/source/commit-state.ts';
import { OffsetCommitter } from '../../../runtime/buses/kafka/source/offset-committer.ts';
import type { PartitionFeed } from '../../../runtime/buses/kafka/source/partition-feed.ts';

/** A coordinator that answers when the test says so, and a partition with something to commit at any time. */
function committer() {
  const begunMs: number[] = [];
  const committed: number[] = [];
  const answers: PromiseWithResolvers<void>[] = [];
  const feed: Partial<PartitionFeed> = { commits: new CommitState(0) };
  const place = { topic: 't', partition: 0, offset: 1, metadata: '', feed: feed as PartitionFeed, version: 1 };
  const member = {
    commit(): Promise<void> {
      begunMs.push(performance.now());
      const answer = Promise.withResolvers<void>();
      answers.push(answer);
      return answer.promise;
    },
  };
  let number = 0;
  let halvings = 0;
  const assignment = {
    isAwaited: true,
    beginCommit: () => ({ number: (number += 1), places: [place], omitted: 0 }),
    committed: ({ number: confirmed }: { readonly number: number }) => void committed.push(confirmed),
    halveMetadata: () => (halvings += 1) <= HALVINGS,
  };
  const epoch = {};
  const commits = new OffsetCommitter(member, assignment, {
    epoch: () => epoch,
    failed: () => false,
    succeeded() {},
  });
  return { commits, begunMs, committed, answers, [Symbol.dispose]: () => commits.stop() };
}

const PAUSE_MS = 500;
/** Until no metadata is left. */
const HALVINGS = 3;
/** Of timers, which may end a little early. */
const EARLY_MS = 5;

test('one commit follows the one that is under way, in however many turns messages wait for it', async () => {
  using made = committer();
  const { commits, begunMs, answers } = made;
  for (let asked = 0; asked < 100; asked += 1) {
    commits.hurry();
    await sleep(1);
  }
  assert.equal(begunMs.length, 1, 'one is under way');
  const ends = [commits.now(), commits.now(), commits.now()];
  answers[0]?.resolve();
  await turn();
  assert.equal(begunMs.length, 2);
  answers[1]?.resolve();
  await Promise.all(ends);
  await turn();
  commits.stop();
  await turn();
  assert.equal(begunMs.length, 2, 'nothing is queued behind it');
});

test('what became due while a commit was under way is committed after it without another word', async () => {
  using made = committer();
  const { commits, begunMs, answers } = made;
  void commits.now();
  await sleep(10);
  commits.hurry();
  answers[0]?.resolve();
  await sleep(20);
  assert.equal(begunMs.length, 2);
  answers[1]?.resolve();
});

test('a commit that failed is repeated once its pause is over and not before, whoever waits and whatever was due', async () => {
  using made = committer();
  const { commits, begunMs, answers } = made;
  void commits.now();
  commits.soon(PAUSE_MS / 5);
  for (let asked = 0; asked < 20; asked += 1) {
    commits.hurry();
    await sleep(1);
  }
  const failedMs = performance.now();
  answers[0]?.reject(new Error('no answer'));
  while (performance.now() < failedMs + PAUSE_MS + 100) {
    commits.hurry();
    await sleep(1);
  }
  assert.equal(begunMs.length, 2);
  assert.ok((begunMs[1] ?? 0) >= failedMs + PAUSE_MS - EARLY_MS, 'the pause was passed');
  answers[1]?.resolve();
});

test('the last commit of an epoch does not wait for the pause of one that failed', async () => {
  using made = committer();
  const { commits, begunMs, answers } = made;
  const first = commits.now();
  answers[0]?.reject(new Error('no answer'));
  await first;
  commits.stop();
  const last = commits.now();
  assert.equal(begunMs.length, 2);
  answers[1]?.resolve();
  await last;
});

test('a last commit that has too much metadata for the server is repeated with less before it ends, and not for ever', async () => {
  const tooLarge = new KafkaError('BUS_PROTOCOL', 'too large', { type: 'OFFSET_METADATA_TOO_LARGE' });
  for (const refusals of [1, HALVINGS, HALVINGS + 1]) {
    using made = committer();
    const { commits, begunMs, committed, answers } = made;
    commits.stop();
    let isOver = false;
    const last = commits.now().then(() => (isOver = true));
    for (let refused = 0; refused < refusals; refused += 1) {
      assert.equal(isOver, false);
      answers[refused]?.reject(tooLarge);
      await turn();
    }
    answers[refusals]?.resolve();
    await last;
    const isTaken = refusals <= HALVINGS;
    assert.equal(begunMs.length, refusals + Number(isTaken));
    assert.deepEqual(committed, isTaken ? [refusals + 1] : []);
  }
});

test('once a window is settled a commit does not wait for the end of the interval, and follows the one before at a distance', async () => {
  using made = committer();
  const { commits, begunMs, answers } = made;
  commits.soon();
  commits.gathered();
  // By the order of timers: it holds in a process that stands still for longer than the interval of 200 ms.
  const hurried = sleep(150).then(() => begunMs.length > 0);
  while (begunMs.length === 0) await sleep(1);
  answers[0]?.resolve();
  await turn();
  while (begunMs.length === 1) {
    commits.gathered();
    await sleep(1);
  }
  const apartMs = (begunMs[1] ?? 0) - (begunMs[0] ?? 0);
  assert.ok(apartMs >= 100 - EARLY_MS, `${apartMs} ms after the one before`);
  assert.ok(await hurried, 'it waited for the interval');
  answers[1]?.resolve();
});
