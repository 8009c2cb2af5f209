import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCEPT } from '#contract/delivery.ts';
import { Epoch } from '../../../runtime/buses/kafka/source/epoch.ts';
import { sendHeartbeats } from '../../../runtime/buses/kafka/source/heartbeats.ts';
import { bareAssignment } from './bare-assignment.ts';

const SESSION_MS = 600;
/** Of a busy machine. */
const LATE_MS = 300;

/** Blocks the process, as SIGSTOP and SIGCONT do. */
function paused(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test('the session is over one timeout after the last answered heartbeat was sent, however long the next answer is awaited', async () => {
  const epoch = new Epoch(SESSION_MS, performance.now());
  const sentMs: number[] = [];
  const pending = Promise.withResolvers<void>();
  const beating = sendHeartbeats(epoch, SESSION_MS, {
    heartbeat: () => {
      sentMs.push(performance.now());
      return sentMs.length <= 3 ? Promise.resolve() : pending.promise;
    },
    succeeded() {},
    failed: () => false,
  });
  await new Promise((resolve) => epoch.lost.addEventListener('abort', resolve, { once: true }));
  const lastedMs = performance.now() - (sentMs[2] ?? 0);
  assert.equal(sentMs.length, 4, 'the fourth is not answered');
  assert.ok(lastedMs >= SESSION_MS && lastedMs < SESSION_MS + LATE_MS, `${lastedMs} ms`);
  pending.reject(new Error('no answer'));
  await beating;
});

test('a refusal is an answer, and an answer counts from when its request was sent', async () => {
  const epoch = new Epoch(SESSION_MS, performance.now());
  const sentMs = performance.now();
  paused(SESSION_MS / 2);
  epoch.answered(sentMs);
  assert.ok(epoch.sessionLeftMs <= SESSION_MS / 2);
  epoch.checkSession();
  assert.equal(epoch.reason, undefined);
  let refusals = 0;
  const beating = sendHeartbeats(epoch, SESSION_MS, {
    heartbeat: () => Promise.reject(new Error('the group divides anew')),
    succeeded() {},
    failed: () => {
      refusals += 1;
      if (refusals === 12) epoch.finish();
      return true;
    },
  });
  await beating;
  assert.equal(epoch.reason, undefined, 'it is lost though each heartbeat was answered');
});

test('a process that was paused beyond its session sends nothing more of what it has, before its first timer and heartbeat', async () => {
  const epoch = new Epoch(SESSION_MS, performance.now());
  using made = bareAssignment({ isFenced: true, perFetch: 10, checkSession: () => epoch.checkSession() });
  epoch.lost.addEventListener('abort', () => made.assignment.revoke(), { once: true });
  await made.begin({ offset: 0 });
  const [first, second] = await made.assignment.read({ messages: 10, bytes: 1e9 }, AbortSignal.timeout(SESSION_MS));
  assert.equal(first?.shared?.isRevoked, false);
  paused(SESSION_MS + 50);
  assert.equal(first?.shared?.isRevoked, true);
  assert.equal(epoch.reason, 'lost');
  epoch.answered(performance.now());
  assert.equal(second?.shared?.isRevoked, true, 'what was revoked once comes back');
  first?.settle(ACCEPT);
  assert.deepEqual(made.assignment.beginCommit().places, [], 'a settlement of it is committed');
});
