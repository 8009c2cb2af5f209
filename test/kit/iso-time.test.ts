import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isoTime } from '../../runtime/kit/iso-time.ts';

const LAST = 8.64e15;

test('a time is written as Date writes it, whatever was written before', () => {
  const near = fc.tuple(
    fc.integer({ min: -LAST, max: LAST }),
    fc.array(fc.double({ min: -70_000, max: 70_000, noNaN: true })),
  );
  fc.assert(
    fc.property(near, ([base, steps]) => {
      for (const step of [0, ...steps]) {
        const ms = Math.max(-LAST, Math.min(LAST, base + step));
        assert.equal(isoTime(ms), new Date(ms).toISOString());
      }
    }),
  );
});

for (const ms of [Number.NaN, Infinity, -Infinity, LAST + 1]) {
  test(`${ms} is no time, and changes nothing for the next one`, () => {
    assert.throws(() => isoTime(ms), RangeError);
    assert.equal(isoTime(0), '1970-01-01T00:00:00.000Z');
    assert.equal(isoTime(59_999), '1970-01-01T00:00:59.999Z');
    assert.equal(isoTime(-1), '1969-12-31T23:59:59.999Z');
  });
}
