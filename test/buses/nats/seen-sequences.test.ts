import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeenSequences } from '../../../runtime/buses/nats/jetstream/seen-sequences.ts';

const entered = (seen: SeenSequences, sequences: readonly number[]): number[] =>
  sequences.filter((sequence) => seen.enter(sequence));

test('each sequence is new once, whatever comes again', () => {
  const seen = new SeenSequences(10);
  assert.deepEqual(entered(seen, [9, 10, 11, 12, 11, 15, 12]), [11, 12, 15]);
  assert.equal(seen.received, 15);
});

test('set back, it takes what was left out since it was verified, and nothing twice', () => {
  const seen = new SeenSequences(0);
  entered(seen, [1, 2, 3, 4]);
  seen.verify(4);
  // From here on the odd ones are left out.
  entered(seen, [6, 8, 10]);
  seen.setBack();
  assert.equal(seen.received, 4);
  assert.deepEqual(entered(seen, [5, 6, 7]), [5, 7]);
  // Left out once more before all was made up for.
  entered(seen, [10]);
  seen.setBack();
  assert.equal(seen.received, 4);
  assert.deepEqual(entered(seen, [5, 6, 7, 8, 9, 10, 11]), [9, 11]);
  seen.verify(11);
  seen.setBack();
  assert.equal(seen.received, 11);
});

test('what had come before the question is verified by its answer, not what came since', () => {
  const seen = new SeenSequences(0);
  entered(seen, [1, 2]);
  const { received } = seen;
  entered(seen, [4, 6]);
  seen.verify(received);
  seen.setBack();
  assert.deepEqual(entered(seen, [3, 4, 5, 6, 7]), [3, 5, 7]);
});

test('a stream that ends earlier, or is another one, has its sequences anew', () => {
  const seen = new SeenSequences(0);
  entered(seen, [1, 2, 3]);
  seen.endAt(1);
  assert.deepEqual(entered(seen, [1, 2, 3]), [2, 3]);
  seen.endAt(0);
  assert.deepEqual(entered(seen, [1, 2, 3]), [1, 2, 3]);
});
