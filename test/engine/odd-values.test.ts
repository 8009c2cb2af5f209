import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Receipt, Sink } from '../../runtime/contract/sink.ts';
import { CLASS_NAMES } from '../../runtime/contract/traffic-class.ts';
import { TIME_UNITS } from '../../runtime/kit/time-unit.ts';
import { frameForTest, settleNow } from './route-for-test.ts';
import { bodies, sinkThat, started } from './started-route.ts';

const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const of = (view: { readonly body: unknown }): string => String(view.body);
const timestamp = { of, unit: undefined };

test('a timestamp of the route is cut to the millisecond', async () => {
  const { sink } = started([frameForTest('a/x', '1764100000000.25'), frameForTest('a/x', '1764100000000')], {
    timestamp,
  });
  await settleNow();
  assert.deepEqual(
    sink.sent.map(({ timestampMs }) => timestampMs),
    [1_764_100_000_000, 1_764_100_000_000],
  );
});

test('a timestamp that is no time is a dead letter that says what it is, and its neighbours pass', async () => {
  const says = {
    '1764100000': /found a number before March 1973, which looks like seconds: write .* unit: s }$/,
    '1764100000.5': /which looks like seconds: write .* unit: s }$/,
    '0': /found a number before March 1973: write .* unit: ms } where it is meant$/,
    '1764100000000000': /found a time after 9999, which looks like microseconds: write .* unit: us }$/,
    '1764100000000000000': /found a time after 9999, which looks like nanoseconds: write .* unit: ns }$/,
    '1764100000000000000000000': /found a time after 9999$/,
    '10000-01-01T00:00:00Z': /found a text that is neither$/,
    '9999-12-31T23:59:59-00:01': /found a time after 9999$/,
    '-5': /found a time before 1970$/,
    '1969-12-31T23:59:59Z': /found a time before 1970$/,
    '2026-11-26T24:00:00Z': /found a text that is neither$/,
    '1e400': /found a text that is neither$/,
    '1.7641e12': /found a text that is neither$/,
    '0x19aB1f9d400': /found a text that is neither$/,
    '+1764100000000': /found a text that is neither$/,
    ' 1764100000000': /found a text that is neither$/,
    '.5': /found a text that is neither$/,
    soon: /found a text that is neither$/,
  };
  const odd = Object.keys(says);
  const frames = [...odd, '2026-11-26T12:00:00Z'].map((body) => frameForTest('a/x', body));
  const { sink, letters } = started(frames, { timestamp, expiresAfterMs: 3_153_600_000_000 });
  await settleNow();
  assert.deepEqual(bodies(sink.sent), ['2026-11-26T12:00:00Z']);
  assert.deepEqual(
    letters.map(({ failure: { code, place } }) => [code, place.stage]),
    odd.map(() => ['TIMESTAMP_INVALID', 'decode']),
  );
  for (const { frame, failure } of letters) {
    assert.match(failure.message, Object.entries(says).find(([body]) => body === String(frame.body))?.[1] ?? /^never$/);
  }
});

test('a timestamp with a stated unit takes every time from 1970 to 9999, and RFC 3339 as well', async () => {
  const moment = '1970-01-01T00:00:00.001Z';
  const times = {
    s: ['0', '1764100000', '1764100000.377', '253402300799.9999'],
    ms: ['0', '1764100000', '1764100000000.9', String(LAST_MS)],
    us: ['999', '1764100000377999', `${LAST_MS}999`],
    ns: ['999999', '1764100000377999999', `${LAST_MS}999999`],
  } as const;
  const wanted = {
    s: [0, 1_764_100_000_000, 1_764_100_000_377, LAST_MS],
    ms: [0, 1_764_100_000, 1_764_100_000_000, LAST_MS],
    us: [0, 1_764_100_000_377, LAST_MS],
    ns: [0, 1_764_100_000_377, LAST_MS],
  } as const;
  for (const unit of TIME_UNITS) {
    const frames = [...times[unit], moment].map((body) => frameForTest('a/x', body));
    const { sink, letters } = started(frames, { timestamp: { of, unit } });
    await settleNow();
    assert.deepEqual(
      sink.sent.map(({ timestampMs }) => timestampMs),
      [...wanted[unit], 1],
      unit,
    );
    assert.deepEqual(letters, []);
  }
});

test('a number that is after 9999 in the stated unit is a dead letter that names the unit it looks like', async () => {
  const frames = ['1764100000000', '1764100000000000', '1e12'].map((body) => frameForTest('a/x', body));
  const { letters } = started(frames, { timestamp: { of, unit: 's' } });
  await settleNow();
  const expected = 'expected timestamp to be seconds since 1970 (unit: s) or an RFC 3339 time, found';
  assert.deepEqual(
    letters.map(({ failure: { code, message } }) => `${code} ${message}`),
    [
      `TIMESTAMP_INVALID ${expected} a time after 9999, which looks like milliseconds: write timestamp: { of: ..., unit: ms }`,
      `TIMESTAMP_INVALID ${expected} a time after 9999, which looks like microseconds: write timestamp: { of: ..., unit: us }`,
      `TIMESTAMP_INVALID ${expected} a text that is neither`,
    ],
  );
});

test('an expiry beyond the year 9999 is none', async () => {
  const { sink } = started([frameForTest('a/x', String(LAST_MS))], { timestamp, expiresAfterMs: 60_000 });
  await settleNow();
  assert.deepEqual(
    sink.sent.map(({ timestampMs, expiresAtMs }) => [timestampMs, expiresAtMs]),
    [[LAST_MS, undefined]],
  );
});

for (const trafficClass of CLASS_NAMES) {
  test(`${trafficClass}: what the client throws over one message is a dead letter of that message alone`, async () => {
    const inner = sinkThat();
    const sink: Sink = {
      maxInFlight: 100,
      send(frame): Promise<Receipt> {
        if (String(frame.body).startsWith('odd')) throw new RangeError('Invalid time value');
        return inner.send(frame);
      },
      close: () => inner.close(),
    };
    const texts = Array.from({ length: 100 }, (_, at) => (at % 7 === 3 ? `odd ${at}` : `good ${at}`));
    const frames = texts.map((text, at) => frameForTest(`k${at}/x`, text));
    const { counters, letters } = started(frames, { sink, trafficClass, window: { messages: 200, bytes: 1e6 } });
    await settleNow();
    assert.equal(counters.held, 0, 'nobody waits for a pause');
    assert.deepEqual(bodies(inner.sent).toSorted(), texts.filter((text) => text.startsWith('good')).toSorted());
    assert.deepEqual(
      letters.map(({ failure: { code, message } }) => `${code} ${message}`),
      texts.filter((text) => text.startsWith('odd')).map(() => 'SINK_UNWRITABLE Invalid time value'),
    );
    assert.equal(counters.rewinds, 0);
  });
}

test('a message with two labels or an odd one is a dead letter, and its neighbours pass', async () => {
  const labels = [['S'], ['S', 'U'], [''], ['a\tb'], ['U']];
  const frames = labels.map((values, at) =>
    frameForTest('a/x', `m${at}`, { headers: new Map([['seclabel', values]]) }),
  );
  const { sink, letters } = started(frames);
  await settleNow();
  assert.deepEqual(bodies(sink.sent), ['m0', 'm4']);
  assert.deepEqual(
    letters.map(({ failure: { code, place }, label }) => [code, place.stage, label]),
    ['LABEL_DUPLICATE', 'LABEL_MALFORMED', 'LABEL_MALFORMED'].map((code) => [code, 'label', undefined]),
  );
});
