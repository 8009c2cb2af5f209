import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expiryTimeMs, messageTimeMs } from '../../runtime/kit/message-time.ts';

const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

test('a time of a message is whole milliseconds within the years 1970 to 9999, and everything else is none', () => {
  assert.equal(messageTimeMs(1_764_100_000_000.25), 1_764_100_000_000);
  assert.equal(messageTimeMs(0), 0);
  assert.equal(messageTimeMs(LAST_MS), LAST_MS);
  for (const none of [-1, -0.5, LAST_MS + 1, 1.7641e15, 1.7641e18, 2 ** 63, NaN, Infinity, -Infinity]) {
    assert.equal(messageTimeMs(none), undefined, String(none));
  }
  const isWritable = (ms: number): void => {
    const time = messageTimeMs(ms);
    if (time === undefined) return;
    assert.equal(Date.parse(new Date(time).toISOString()), time);
    assert.ok(BigInt(time) >= 0n);
  };
  fc.assert(fc.property(fc.double(), isWritable));
  fc.assert(fc.property(fc.double({ min: 0, max: 1e15 }), isWritable));
});

test('expirytime is RFC 3339 or milliseconds since 1970, and a zero or another unit never expires a message', () => {
  const moment = '2026-11-26T12:00:00.5Z';
  assert.equal(expiryTimeMs(moment), Date.parse(moment));
  assert.equal(expiryTimeMs(String(Date.parse(moment))), Date.parse(moment));
  assert.equal(expiryTimeMs('2096-02-29T00:00:00Z'), Date.UTC(2096, 1, 29));
  for (const none of [
    '0',
    '',
    ' ',
    '-1',
    '1764100000',
    '1764100000.5',
    '1764100000000000',
    '1764100000000000000',
    '1e12',
    '0x19aB1f9d400',
    'null',
    'soon',
    '2026-11-26',
    '2026-11-26 12:00:00',
    '1970-01-01T00:00:00Z',
    '0001-01-01T00:00:00Z',
    '2099-02-30T00:00:00Z',
    '2099-02-29T00:00:00Z',
    '2099-04-31T00:00:00Z',
    '2099-00-01T00:00:00Z',
    '2099-01-00T00:00:00Z',
    '9999-12-31T23:59:59-23:59',
    '999999999999999',
  ]) {
    assert.equal(expiryTimeMs(none), undefined, none);
  }
});
