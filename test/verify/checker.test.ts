import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Checker, type Promised } from '../../runtime/verify/checker.ts';
import type { Mark, Reading } from '../../runtime/verify/mark.ts';
import { type Report, reportText, VERDICT_NAMES } from '../../runtime/verify/verdicts.ts';

const RUN = 'run';
const PROMISED: Promised = {
  run: RUN,
  trafficClass: 'event',
  labels: [],
  expiresMs: undefined,
  slackMs: 10,
  wedgedMs: 1000,
  allowed: new Set(),
};

/** A checker and short words for what it is told: messages of one key, by number, at a moment. */
function scene(promised: Partial<Promised> = {}) {
  const checker = new Checker({ ...PROMISED, ...promised });
  const mark = (number: number, sentAtMs = 0, key = 'k'): Mark => ({ run: RUN, key, number, sentAtMs });
  return {
    checker,
    mark,
    sent: (...numbers: readonly number[]): void => {
      for (const number of numbers) {
        checker.sending(mark(number));
        checker.confirmed(mark(number), 0);
      }
    },
    arrived: (
      number: number,
      atMs = 1,
      other: { reading?: Reading; label?: string; isReplay?: boolean; storedMs?: number; isReread?: boolean } = {},
    ): void => {
      const reading = other.reading ?? { kind: 'whole', mark: mark(number) };
      checker.arrive({
        reading,
        label: other.label,
        isReplay: other.isReplay ?? false,
        atMs,
        storedMs: other.storedMs,
        isReread: other.isReread ?? false,
      });
    },
    found: (atMs = 2): Record<string, number> => counts(checker.finish(atMs, undefined)),
  };
}

function counts(report: Report): Record<string, number> {
  const pairs = VERDICT_NAMES.map((name) => [name, report.verdicts[name].count] as const);
  return Object.fromEntries(pairs.filter(([, count]) => count > 0));
}

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
  const buried = scene({ trafficClass: 'command', expiresMs: 100 });
  buried.sent(1);
  assert.deepEqual(counts(buried.checker.finish(200, new Set(['k 1']))), {});
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

void test('what functions dropped by the figures of the bridge convicts nobody, and what is missing beyond that does', () => {
  const all = scene();
  all.sent(1, 2, 3);
  all.arrived(2);
  const report = all.checker.finish(2, undefined, undefined, 2);
  assert.deepEqual([report.ok, report.judged, report.dropped, report.distinct], [true, true, 2, 1]);
  const fewer = scene();
  fewer.sent(1, 2, 3);
  fewer.arrived(2);
  const short = fewer.checker.finish(2, undefined, undefined, 1);
  assert.deepEqual([counts(short), short.dropped], [{ lost: 1 }, 1]);
});

void test('where functions dropped everything nothing is judged, however long the silence was, in every class', () => {
  for (const trafficClass of ['telemetry', 'command', 'event', 'audit'] as const) {
    const { checker, mark, sent } = scene({ trafficClass });
    sent(1, 2, 3);
    checker.sending(mark(4), true);
    checker.confirmed(mark(4), 1);
    const report = checker.finish(5000, new Set(), undefined, 4);
    assert.deepEqual(counts(report), {}, trafficClass);
    assert.deepEqual([report.ok, report.judged, report.dropped], [false, false, 3], trafficClass);
    assert.match(reportText(report), /^3 sent, 0 arrived, 3 dropped by a function\nNOTHING JUDGED$/);
  }
});

void test('one drop fewer than is missing of a dead key is a wedged key; without figures a silence is judged only where a message came', () => {
  const fixture = () => {
    const { checker, mark, sent, arrived } = scene();
    sent(1, 2, 3);
    checker.sending(mark(4), true);
    checker.confirmed(mark(4), 1);
    return { checker, arrived };
  };
  const wedged = fixture().checker.finish(500, new Set(), undefined, 3);
  assert.deepEqual([counts(wedged), wedged.judged], [{ wedged: 1 }, true]);
  const blind = fixture().checker.finish(5000, new Set(), undefined, 'unknown');
  assert.deepEqual([blind.ok, blind.judged], [false, false]);
  const partly = fixture();
  partly.arrived(1);
  assert.deepEqual(partly.checker.finish(500, new Set(), undefined, 'unknown').judged, true);
  // A bridge without functions has no such excuse.
  assert.deepEqual(counts(fixture().checker.finish(500, new Set())), { wedged: 1 });
});

void test('where every message ended as a dead letter nothing is judged, probes too, and one that is lost beside them convicts', () => {
  const { checker, mark, sent } = scene({ trafficClass: 'telemetry' });
  sent(1, 2);
  checker.sending(mark(3), true);
  checker.confirmed(mark(3), 1);
  // The first one was replaced by the second in the bridge.
  const report = checker.finish(5000, new Set(['k 2', 'k 3']));
  assert.deepEqual([counts(report), report.judged, report.ok], [{}, false, false]);
  const lost = scene();
  lost.sent(1, 2);
  assert.deepEqual(counts(lost.checker.finish(500, new Set(['k 1']))), { lost: 1 });
});
