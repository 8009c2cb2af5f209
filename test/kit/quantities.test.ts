import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backoffMs } from '../../runtime/kit/backoff.ts';
import { pause, withDeadline } from '../../runtime/kit/deadline.ts';
import { isNodeTooOld } from '../../runtime/kit/node-floor.ts';
import { percentEncode } from '../../runtime/kit/percent.ts';
import { durationMs, sizeBytes } from '../../runtime/kit/quantity.ts';

test('durations and sizes are numbers with a unit, and nothing else', () => {
  assert.deepEqual(
    ['250ms', '30s', '5m', '2h', '1d', '0s', '007s'].map(durationMs),
    [250, 30_000, 300_000, 7_200_000, 86_400_000, 0, 7000],
  );
  assert.deepEqual(['900B', '64KiB', '2MiB', '2GiB'].map(sizeBytes), [900, 65_536, 2_097_152, 2_147_483_648]);
  for (const text of ['', '10', '10 s', 's', '-1s', '1.5s', '1S', '10sec', '1s\n', ' 1s', '1kB', '1constructor']) {
    assert.throws(() => durationMs(text), RangeError, text);
    assert.throws(() => sizeBytes(text), RangeError, text);
  }
});

test('a delay doubles up to its cap, and lies between half of it and all of it', () => {
  const backoff = { firstMs: 100, capMs: 10_000 };
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), random, (failures, chance) => {
      const full = Math.min(10_000, 100 * 2 ** (failures - 1));
      const delayMs = backoffMs(backoff, failures, () => chance);
      assert.ok(delayMs >= full / 2 && delayMs <= full, `${delayMs} after ${failures}`);
    }),
  );
});

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

test('percent-encoding is undone by decodeURIComponent, and nothing refused is left', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const encoded = percentEncode(text, /[/+#]/);
      assert.equal(decodeURIComponent(encoded), text);
      assert.doesNotMatch(encoded, /[/+#\p{Cc}]/u);
    }),
  );
  assert.equal(percentEncode('a/b%c\u0000ü', /[/]/), 'a%2Fb%25c%00ü');
});

test('a Node below the floor is told so, one above it is not', (t) => {
  const written: unknown[] = [];
  t.mock.method(process.stderr, 'write', (text: unknown) => written.push(text) > 0);
  assert.deepEqual(['20.20.2', '22.17.9', '18.0.0', 'rubbish'].map(isNodeTooOld), [true, true, true, true]);
  const said = [...written];
  assert.deepEqual(['22.18.0', '22.18.1', '23.0.0', '24.21.0', process.versions.node].map(isNodeTooOld), [
    false,
    false,
    false,
    false,
    false,
  ]);
  t.mock.restoreAll();
  assert.equal(written.length, said.length);
  assert.equal(said[0], 'expected Node 22.18 or later, found 20.20.2: install a newer one\n');
});
