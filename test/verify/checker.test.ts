import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counts, RUN, scene } from './checker-scenario.ts';

void test('what the first bus never confirmed need not arrive, and may', () => {
  const { checker, mark, arrived, found } = scene();
  checker.sending(mark(1));
  checker.sending(mark(2));
  arrived(2);
  assert.deepEqual(found(), {});
});

void test('a message that the checker itself handed over twice may arrive twice, and no more', () => {
  const { checker, sent, mark, arrived, found } = scene();
  sent(1);
  checker.sendingAgain(mark(1));
  arrived(1);
  arrived(1);
  arrived(1);
  assert.deepEqual(found(), { duplicated: 1 });
});

void test('the same copy read twice is nobody’s duplicate; a copy that is marked so and was not seen counts as arrived', () => {
  const { checker, sent, arrived } = scene();
  sent(1);
  arrived(1, 1, { isReread: true });
  arrived(1, 1, { isReread: true });
  const report = checker.finish(2, undefined);
  assert.deepEqual(counts(report), {});
  assert.deepEqual([report.arrived, report.reread], [1, 1]);
});

void test('of events a late repetition is a duplicate and no inversion', () => {
  const { sent, arrived, found } = scene();
  sent(1, 2);
  for (const number of [1, 2, 1]) arrived(number);
  assert.deepEqual(found(), { duplicated: 1 });
});

void test('what audit repeats must say so of itself', () => {
  const { checker, sent, arrived } = scene({ trafficClass: 'audit' });
  sent(1, 2);
  for (const number of [1, 2]) arrived(number);
  arrived(1, 1, { isReplay: true });
  arrived(2);
  const report = checker.finish(2, undefined);
  assert.deepEqual(counts(report), { duplicated: 1 });
  assert.equal(report.verdicts.duplicated.tolerated, 1);
});

void test('what telemetry passed over is superseded; if it comes after all, it comes stale', () => {
  const { checker, sent, arrived } = scene({ trafficClass: 'telemetry' });
  sent(1, 2, 3);
  arrived(3);
  arrived(2);
  const report = checker.finish(2, undefined);
  assert.deepEqual(counts(report), { 'stale-overtake': 1 });
  assert.equal(report.superseded, 2);
});

void test('the newest telemetry of a key must arrive, unless it has expired', () => {
  const lost = scene({ trafficClass: 'telemetry' });
  lost.sent(1, 2);
  lost.arrived(1);
  assert.deepEqual(lost.found(), { lost: 1 });
  const expired = scene({ trafficClass: 'telemetry', expiresMs: 100 });
  expired.sent(1, 2);
  expired.arrived(1);
  assert.deepEqual(expired.found(200), {});
});

void test('an expired command is looked for among the dead letters, where they can be looked into', () => {
  const blind = scene({ trafficClass: 'command', expiresMs: 100 });
  blind.sent(1);
  assert.deepEqual(counts(blind.checker.finish(200, undefined)), {});
  const deadLettered = scene({ trafficClass: 'command', expiresMs: 100 });
  deadLettered.sent(1);
  assert.deepEqual(counts(deadLettered.checker.finish(200, new Set(['k 1']))), {});
  const missing = scene({ trafficClass: 'command', expiresMs: 100 });
  missing.sent(1);
  assert.deepEqual(counts(missing.checker.finish(200, new Set(['k 2']))), { lost: 1 });
});

void test('a command that the first bus let expire unread is neither lost nor a dead letter; one that was read is', () => {
  const verdict = (unread: boolean): object => {
    const { checker, sent } = scene({ trafficClass: 'command', expiresMs: 100 });
    sent(1);
    const report = checker.finish(200, new Set(), () => unread);
    return { ...counts(report), expiredUnread: report.expiredUnread };
  };
  assert.deepEqual(verdict(true), { expiredUnread: 1 });
  assert.deepEqual(verdict(false), { lost: 1, expiredUnread: 0 });
  const early = scene({ trafficClass: 'command', expiresMs: 100 });
  early.sent(1);
  assert.deepEqual(counts(early.checker.finish(99, new Set(), () => true)), { lost: 1 });
});

void test('expiry allows the slack and not a millisecond more', () => {
  const { sent, arrived, found } = scene({ expiresMs: 100 });
  sent(1, 2);
  arrived(1, 110);
  arrived(2, 111);
  assert.deepEqual(found(112), { 'expired-delivered': 1 });
});

void test('where the bus says when it stored a message, that moment counts and not the one at which it could be read', () => {
  const { checker, sent, arrived, found } = scene({ expiresMs: 100 });
  sent(1, 2, 3);
  arrived(1, 900, { storedMs: 110 });
  arrived(2, 900, { storedMs: 111 });
  checker.renewed();
  arrived(3, 900, { storedMs: 111 });
  assert.deepEqual(found(900), { 'expired-delivered': 2 });
});

void test('silence convicts only while something that went in is awaited', () => {
  const idle = scene();
  idle.sent(1);
  idle.arrived(1, 1);
  assert.deepEqual(idle.found(100_000), {});
  const silent = scene();
  silent.sent(1, 2);
  silent.arrived(1, 1001);
  silent.arrived(2, 1002);
  assert.deepEqual(silent.found(1003), { wedged: 1 });
  const quick = scene();
  quick.sent(1, 2);
  quick.arrived(1, 1000);
  quick.arrived(2, 100_000);
  assert.deepEqual(quick.found(100_001), {});
});

void test('a key whose probe comes is alive, and what is missing before it is lost; one whose probe does not come is wedged', () => {
  const { checker, sent, arrived } = scene();
  sent(1, 2);
  arrived(1);
  checker.sending({ run: RUN, key: 'k', number: 3, sentAtMs: 2 }, true);
  const dead = scene();
  dead.sent(1, 2);
  dead.arrived(1);
  dead.checker.sending({ run: RUN, key: 'k', number: 3, sentAtMs: 2 }, true);
  arrived(3);
  const report = checker.finish(4, undefined);
  assert.deepEqual(counts(report), { lost: 1 });
  assert.deepEqual([report.sent, report.arrived], [2, 1]);
  assert.deepEqual(dead.found(4), { wedged: 1 });
});

void test('labels take turns by number', () => {
  const { sent, arrived, found } = scene({ labels: ['S', 'U'] });
  sent(1, 2, 3);
  arrived(1, 1, { label: 'S' });
  arrived(2, 1, { label: 'S' });
  arrived(3, 1);
  assert.deepEqual(found(), { 'label-violation': 2 });
});

void test('messages of other runs are counted and judged by nobody; what no run can have sent is unaccounted', () => {
  const { checker, sent, mark, arrived } = scene();
  sent(1);
  arrived(1);
  arrived(9, 1, { reading: { kind: 'whole', mark: { ...mark(9), run: 'another' } } });
  arrived(2);
  arrived(1, 1, { reading: { kind: 'whole', mark: { ...mark(1), key: 'x' } } });
  const report = checker.finish(2, undefined);
  assert.deepEqual(counts(report), { unaccounted: 2 });
  assert.equal(report.foreign, 1);
});

void test('what is allowed is counted, with examples, and convicts nobody', () => {
  const { checker, sent, arrived } = scene({ allowed: new Set(['lost', 'duplicated']) });
  sent(1, 2);
  arrived(1);
  arrived(1);
  const report = checker.finish(2, undefined);
  assert.equal(report.ok, true);
  assert.deepEqual(report.verdicts.lost, { count: 0, tolerated: 1, examples: ['k 2'] });
  assert.equal(report.verdicts.duplicated.tolerated, 1);
});

void test('of a million messages that arrive nothing is kept', () => {
  const { checker, mark } = scene();
  const before = process.memoryUsage().heapUsed;
  for (let number = 1; number <= 1_000_000; number += 1) {
    checker.sending(mark(number));
    checker.confirmed(mark(number), 0);
    checker.arrive({
      reading: { kind: 'whole', mark: mark(number) },
      label: undefined,
      isReplay: false,
      atMs: 1,
      storedMs: undefined,
      isReread: false,
    });
  }
  assert.equal(checker.missing, 0);
  assert.ok(process.memoryUsage().heapUsed - before < 100_000_000);
  assert.deepEqual(counts(checker.finish(2, undefined)), {});
});
