import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportText } from '../../runtime/verify/verdicts.ts';
import { counts, scene } from './checker-scenario.ts';

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
