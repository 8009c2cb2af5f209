import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Shared } from '../../runtime/contract/delivery.ts';
import { SharedSettlements } from '../../runtime/engine/history/shared-settlements.ts';

/** A settled delivery whose source makes it durable, or revokes it, when the test says so. */
class Settled implements Shared {
  readonly mayBeRepeat = false;
  readonly #made = Promise.withResolvers<void>();
  isDurable = false;
  isRevoked = false;
  asked = 0;

  whenDurable(): Promise<void> {
    this.asked += 1;
    return this.#made.promise;
  }

  becomes(state: 'durable' | 'revoked'): void {
    this.isDurable = true;
    this.isRevoked = state === 'revoked';
    this.#made.resolve();
  }
}

test('a lane waits for its own last settlement, asks for it when a message waits, and waits no longer than that', async () => {
  const settlements = new SharedSettlements();
  const [first, last, other] = [new Settled(), new Settled(), new Settled()];
  settlements.settled('a', first);
  settlements.settled('a', last);
  settlements.settled('b', other);
  assert.deepEqual([first.asked, last.asked, other.asked], [0, 0, 0], 'nobody waits yet');
  const pending = settlements.pending('a');
  assert.ok(pending !== undefined);
  assert.deepEqual([last.asked, other.asked], [1, 0]);
  first.becomes('durable');
  assert.ok(settlements.pending('a') !== undefined, 'the last one is not durable');
  last.becomes('durable');
  await pending;
  assert.equal(settlements.pending('a'), undefined);
  assert.ok(settlements.pending('b') !== undefined);
  assert.equal(settlements.pending('c'), undefined, 'nothing of it was settled');
});

test('what is settled after it was revoked does not hide an earlier settlement of its lane that counts', () => {
  const settlements = new SharedSettlements();
  const [counts, revoked] = [new Settled(), new Settled()];
  settlements.settled('a', counts);
  revoked.becomes('revoked');
  settlements.settled('a', revoked);
  assert.ok(settlements.pending('a') !== undefined);
  counts.becomes('revoked');
  assert.equal(settlements.pending('a'), undefined, 'another process has it: there is nothing to wait for');
});
