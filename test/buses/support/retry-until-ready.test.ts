import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RetrySettings, retryUntilReady } from '../../../runtime/buses/support/retry-until-ready.ts';

const never = new Promise<never>(() => {});

function settings<Ready>(
  attempt: () => Promise<Ready>,
  more: Partial<RetrySettings<Ready>> = {},
): RetrySettings<Ready> {
  return {
    attempt,
    backoff: { firstMs: 1, capMs: 2 },
    signal: new AbortController().signal,
    isOver: () => false,
    onFailure: () => {},
    stopped: () => new Error('stopped'),
    ...more,
  };
}

test('attempts go on until one succeeds, and each failure is reported', async () => {
  const failures: unknown[] = [];
  let attempts = 0;
  const attempt = async (): Promise<number> => {
    attempts += 1;
    if (attempts < 4) throw new Error(`attempt ${attempts}`);
    return attempts;
  };
  const onFailure = (thrown: unknown): void => void failures.push(String(thrown));
  assert.equal(await retryUntilReady(settings(attempt, { onFailure })), 4);
  assert.deepEqual(failures, ['Error: attempt 1', 'Error: attempt 2', 'Error: attempt 3']);
});

test('an abort ends an attempt under way, a pause, and what has not begun', async () => {
  const stopped = /^Error: stopped$/;
  const onFailure = (): void => assert.fail('an abort is no failure');
  const duringAttempt = new AbortController();
  const trying = retryUntilReady(settings(() => never, { signal: duringAttempt.signal, onFailure }));
  duringAttempt.abort();
  await assert.rejects(trying, stopped);

  const duringPause = new AbortController();
  const pausing = retryUntilReady(
    settings(() => Promise.reject(new Error('refused')), {
      backoff: { firstMs: 60_000, capMs: 60_000 },
      signal: duringPause.signal,
      onFailure: () => setImmediate(() => duringPause.abort()),
    }),
  );
  await assert.rejects(pausing, stopped);

  const attempt = (): Promise<never> => assert.fail('an attempt after the abort');
  await assert.rejects(retryUntilReady(settings(attempt, { signal: AbortSignal.abort() })), stopped);
});

test('what an attempt makes in the very microtask of the abort, or later, is discarded', async () => {
  for (const isLate of [false, true]) {
    const stop = new AbortController();
    const discarded: string[] = [];
    let make = (_made: string): void => {};
    const attempt = (): Promise<string> => new Promise((made) => (make = made));
    const trying = retryUntilReady(
      settings(attempt, { signal: stop.signal, discard: (made) => void discarded.push(made) }),
    );
    if (!isLate) make('a connection');
    stop.abort();
    await assert.rejects(trying, /^Error: stopped$/);
    if (isLate) make('a connection');
    await Promise.resolve();
    assert.deepEqual(discarded, ['a connection']);
  }
});

test('an owner that is over lets the attempt under way end, and its failure is not reported', async () => {
  let isOver = false;
  let attempts = 0;
  const attempt = async (): Promise<never> => {
    attempts += 1;
    isOver = true;
    throw new Error('refused');
  };
  const onFailure = (): void => assert.fail('reported after the end');
  await assert.rejects(retryUntilReady(settings(attempt, { isOver: () => isOver, onFailure })), /^Error: stopped$/);
  assert.equal(attempts, 1);
});

test('a slow attempt is reported once, a quick one never', async () => {
  let slow = 0;
  const onSlow = (): void => void (slow += 1);
  const gate = Promise.withResolvers<string>();
  const waiting = retryUntilReady(
    settings(() => gate.promise, {
      onSlow: () => {
        onSlow();
        setTimeout(() => gate.resolve('late'), 10);
      },
      slowMs: 1,
    }),
  );
  assert.equal(await waiting, 'late');
  assert.equal(slow, 1);
  assert.equal(await retryUntilReady(settings(async () => 'quick', { onSlow, slowMs: 60_000 })), 'quick');
  assert.equal(slow, 1);
  assert.ok(!process.getActiveResourcesInfo().includes('Timeout'));
});
