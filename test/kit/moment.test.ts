import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MOMENT_PATTERN, momentMs } from '../../runtime/kit/moment.ts';

test('what Date writes is read as the same moment, in either case and with any offset', () => {
  const range = {
    min: new Date('0000-01-02T00:00:00Z'),
    max: new Date('9999-12-30T23:59:59.999Z'),
    noInvalidDate: true,
  };
  const isRead = (date: Date, minutes: number): void => {
    const text = date.toISOString();
    assert.equal(momentMs(text), date.getTime());
    assert.equal(momentMs(text.toLowerCase()), date.getTime());
    const [hour, minute] = [Math.trunc(minutes / 60), minutes % 60].map((part) =>
      String(Math.abs(part)).padStart(2, '0'),
    );
    const local = new Date(date.getTime() + minutes * 60_000).toISOString().slice(0, -1);
    assert.equal(momentMs(`${local}${minutes < 0 ? '-' : '+'}${hour}:${minute}`), date.getTime());
  };
  fc.assert(fc.property(fc.date(range), fc.integer({ min: -1439, max: 1439 }), isRead));
});

test('whatever the pattern and the calendar take is a moment, and every other text none', () => {
  fc.assert(
    fc.property(fc.stringMatching(new RegExp(MOMENT_PATTERN)), (text) => {
      const ms = momentMs(text);
      assert.ok(ms === undefined ? Number(text.slice(8, 10)) > 28 : Number.isInteger(ms), text);
    }),
  );
  for (const none of [
    '2026-11-26T24:00:00Z',
    '2026-11-26T23:60:00Z',
    '2026-11-26T23:59:61Z',
    '2026-11-26T23:59:59+24:00',
    '2026-11-26T23:59:59+23:60',
    '2026-02-29T00:00:00Z',
    '2026-11-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-26 23:59:59Z',
    '2026-11-26T23:59:59',
    '2026-11-26T23:59:59.Z',
    '+002026-11-26T23:59:59Z',
    ' 2026-11-26T23:59:59Z',
    '2026-11-26',
  ]) {
    assert.equal(momentMs(none), undefined, none);
  }
});

test('a leap second is the second that follows, and stands at the end of a month in UTC alone', () => {
  const next = Date.UTC(2017, 0, 1);
  assert.equal(momentMs('2016-12-31T23:59:60Z'), next);
  assert.equal(momentMs('2016-12-31t23:59:60.25z'), next + 250);
  assert.equal(momentMs('2016-12-31T15:59:60-08:00'), next);
  assert.equal(momentMs('2017-01-01T00:59:60+01:00'), next);
  for (const none of [
    '2016-12-30T23:59:60Z',
    '2016-12-31T22:59:60Z',
    '2016-12-31T23:58:60Z',
    '2016-12-31T23:59:60+01:00',
  ]) {
    assert.equal(momentMs(none), undefined, none);
  }
});
