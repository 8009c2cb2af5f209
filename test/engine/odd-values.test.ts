import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Receipt, Sink } from '../../runtime/contract/sink.ts';
import { CLASS_NAMES } from '../../runtime/contract/traffic-class.ts';
import { frameForTest, settleNow } from './route-for-test.ts';
import { bodies, sinkThat, started } from './started-route.ts';

const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const timestamp = (view: { readonly body: unknown }): string => String(view.body);

test('a timestamp of the route is cut to the millisecond', async () => {
  const { sink } = started([frameForTest('a/x', '1764100000000.25'), frameForTest('a/x', '1.7641e12')], { timestamp });
  await settleNow();
  assert.deepEqual(
    sink.sent.map(({ timestampMs }) => timestampMs),
    [1_764_100_000_000, 1_764_100_000_000],
  );
});

test('a timestamp that is no time is a dead letter that says what it is, and its neighbours pass', async () => {
  const odd = ['1764100000000000', '1764100000000000000', '-5', '1969-12-31T23:59:59Z', '1e400', 'soon', '1e30'];
  const frames = [...odd, '2026-11-26T12:00:00Z'].map((body) => frameForTest('a/x', body));
  const { sink, letters } = started(frames, { timestamp, expiresAfterMs: 3_153_600_000_000 });
  await settleNow();
  assert.deepEqual(bodies(sink.sent), ['2026-11-26T12:00:00Z']);
  assert.deepEqual(
    letters.map(({ failure: { code, place } }) => [code, place.stage]),
    odd.map(() => ['TIMESTAMP_INVALID', 'decode']),
  );
  const [micro, , negative, , , text] = letters.map(({ failure }) => failure.message);
  assert.match(micro ?? '', /found a time after 9999, as microseconds and nanoseconds are$/);
  assert.match(negative ?? '', /found a time before 1970$/);
  assert.match(text ?? '', /found a text that is neither$/);
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
    assert.equal(counters.goBacks, 0);
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
