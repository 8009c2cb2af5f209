import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram } from '../../runtime/kit/histogram.ts';
import { ErrorMemory } from '../../runtime/admin/status/error-memory.ts';
import { isPartOf, judged, worst } from '../../runtime/admin/status/judge.ts';
import { quantileOf } from '../../runtime/admin/status/quantile.ts';
import { RouteSampler } from '../../runtime/admin/status/route-sampler.ts';
import { newCounters } from '../../runtime/engine/counters.ts';
import { Health } from '../../runtime/telemetry/health.ts';
import type { RouteNumbers } from '../../runtime/telemetry/route-numbers.ts';

const SILENT = { info() {}, warn() {}, error() {} };
const NO_LOSSES = { lost: 0, renewed: 0 };

function numbersForTest(more: Partial<RouteNumbers>): RouteNumbers {
  return {
    pipeline: 'p',
    route: 'r',
    ...newCounters(),
    disconnects: { source: NO_LOSSES, sink: NO_LOSSES, 'dead-letters': NO_LOSSES },
    notices: { source: new Map(), sink: new Map(), 'dead-letters': new Map() },
    losses: new Map(),
    deadLetters: { letters: 0, bytes: 0, oldestAtMs: undefined, discarded: { oldest: 0, age: 0, operator: 0 } },
    window: {
      messages: 0,
      messageLimit: 1,
      mostMessages: 1,
      bytes: 0,
      byteLimit: 1,
      oldestAgeMs: undefined,
      isPaused: false,
      pauses: 0,
      pausedMs: 0,
    },
    sinks: [],
    ...more,
  };
}

test('rates are those of the last five seconds, and the history has ten minutes of steps and no more', () => {
  const sampler = new RouteSampler();
  for (let second = 0; second <= 1000; second += 1) {
    const pace = second <= 900 ? 2 : 10;
    const accepted = Math.min(second, 900) * 2 + Math.max(0, second - 900) * pace;
    sampler.sample(numbersForTest({ accepted, deadLettered: second }), second * 1000);
  }
  assert.deepEqual(sampler.rates(), { overSeconds: 5, accepted: 10, delivered: 0, retries: 0 });
  const { accepted, deadLettered, stepSeconds } = sampler.history();
  assert.equal(stepSeconds, 5);
  assert.equal(accepted.length, 120);
  assert.deepEqual([accepted[0], accepted.at(-1), deadLettered.at(-1)], [2, 10, 5]);
  assert.equal(sampler.badEnds({ deadLettered: 1000, expired: 0, blocked: 0 }), 60, 'those of the last minute');
});

test('a route that was never sampled has no rates and no history', () => {
  const sampler = new RouteSampler();
  assert.equal(sampler.rates().overSeconds, 0);
  assert.deepEqual(sampler.history().accepted, []);
});

test('a quantile lies in the bucket of its value, and counts only what came since', () => {
  const histogram = new Histogram([0.001, 0.01, 0.1]);
  assert.equal(quantileOf(histogram, [], 0.5), undefined);
  for (let count = 0; count < 100; count += 1) histogram.record(0.05);
  const before = [...histogram.counts];
  for (let count = 0; count < 98; count += 1) histogram.record(0.0005);
  histogram.record(5);
  histogram.record(5);
  const p50 = quantileOf(histogram, before, 0.5) ?? 0;
  assert.ok(p50 > 0 && p50 <= 0.001, String(p50));
  assert.equal(quantileOf(histogram, before, 0.99), 0.1, 'beyond the last bound it is that bound');
});

test('errors are kept once a kind with their number, the newest first, without their remedy twice, and no more than 20', () => {
  let nowMs = 0;
  const memory = new ErrorMemory(() => (nowMs += 1000));
  const log = memory.listening(SILENT);
  const remedy = 'Fix the publisher, or name the codec in the source, such as codec: cbor.';
  log.warn('dead-letter', { route: 'r', code: 'DECODE_FAILED', text: `expected json, found none. ${remedy}` });
  log.warn('dead-letter', { route: 'r', code: 'DECODE_FAILED', text: `expected json, found none. ${remedy}` });
  log.error('route-stalled', { route: 'r', text: 'no progress' });
  log.warn('check', { code: 'UNUSED', text: 'of the file' });
  log.warn('traces-unsent', { text: 'no code' });
  const [stalled, letters, ...rest] = memory.errors();
  assert.deepEqual(rest, []);
  assert.equal(stalled?.event, 'route-stalled');
  assert.deepEqual(letters, {
    at: '1970-01-01T00:00:02.000Z',
    firstAt: '1970-01-01T00:00:01.000Z',
    count: 2,
    route: 'r',
    event: 'dead-letter',
    code: 'DECODE_FAILED',
    text: 'expected json, found none',
    remedy,
  });
  for (let kind = 0; kind < 1000; kind += 1) log.error(`e${kind}`, { text: 'x'.repeat(10_000) });
  assert.equal(memory.errors().length, 20);
  assert.ok(memory.errors().every(({ text }) => text.length < 600));
});

test('a part that is not up is down; backpressure alone is neither down nor degraded', () => {
  const health = new Health();
  health.set('r sink', true);
  const numbers = numbersForTest({ held: 1000 });
  const signs = { parts: health.parts(), numbers, badEnds: 0, retriesPerSecond: 0 };
  assert.deepEqual(judged(signs), { state: 'ok', why: [] });
  assert.equal(judged({ ...signs, badEnds: 3 }).state, 'degraded');
  assert.equal(judged({ ...signs, retriesPerSecond: 1 }).state, 'degraded');
  assert.equal(judged({ ...signs, numbers: undefined }).state, 'down');
  health.set('r sink', false, 'cut');
  assert.deepEqual(judged({ ...signs, parts: health.parts() }), { state: 'down', why: ['r sink: cut, for 0 s'] });
  assert.equal(worst(['ok', 'down', 'degraded']), 'down');
});

test('a part belongs to the route that its name begins with, and to no other one', () => {
  assert.ok(isPartOf('r sink', 'r') && isPartOf('r.2 sink', 'r') && isPartOf('r dead letters', 'r'));
  assert.ok(!isPartOf('r-2 sink', 'r') && !isPartOf('r2 sink', 'r') && !isPartOf('guard g audit', 'g'));
});
