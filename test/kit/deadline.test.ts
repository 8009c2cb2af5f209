import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pause, withDeadline } from '../../runtime/kit/deadline.ts';

test('a deadline lets the faster one win and leaves no timer behind', async () => {
  assert.equal(await withDeadline(Promise.resolve(1), 60_000, () => new Error('late')), 1);
  await assert.rejects(
    withDeadline(Promise.reject(new Error('own')), 60_000, () => new Error('late')),
    /own/,
  );
  await assert.rejects(
    withDeadline(new Promise(() => {}), 1, () => new Error('late')),
    /late/,
  );
  assert.ok(!process.getActiveResourcesInfo().includes('Timeout'));
});

test('a pause ends when its time is over or its signal aborts', async () => {
  const abort = new AbortController();
  const waiting = pause(60_000, abort.signal);
  abort.abort();
  await waiting;
  await pause(60_000, abort.signal);
  await pause(1);
});
