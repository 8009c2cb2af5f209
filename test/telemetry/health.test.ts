import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Health } from '../../runtime/telemetry/health.ts';

function healthAt() {
  const time = { ms: Date.UTC(2026, 10, 28, 12), elapsed: 0 };
  const health = new Health({ nowMs: () => time.ms + time.elapsed, elapsedMs: () => time.elapsed });
  return { health, time };
}

test('a part that is not up says since when, for how long and what to do; a new cause does not begin the time anew', () => {
  const { health, time } = healthAt();
  health.set('r sink', false, 'not connected to core yet', 'Look at the server.');
  time.elapsed = 12_000;
  health.set('r sink', false, 'BUS_AUTH wrong password', 'Give the right one.');
  time.elapsed = 130_000;
  assert.equal(
    health.report(),
    '[-]r sink BUS_AUTH wrong password\n    since 2026-11-28T12:00:00.000Z, for 2 min\n    Give the right one.\n',
  );
  // The clock of the machine is set: durations do not change.
  time.ms += 3_600_000;
  assert.match(health.report(), /for 2 min/);
  health.set('r sink', true);
  assert.equal(health.report(), '[+]r sink ok\n');
  time.elapsed = 140_000;
  health.set('r sink', false, 'cut');
  assert.match(health.report(), /^\[-\]r sink cut\n {4}since \S+, for 0 s\n$/);
});

test('a probe gets ok where all is well, the list with ?verbose, and the list where something is not', () => {
  const { health } = healthAt();
  health.set('r source', true);
  assert.deepEqual(health.readiness(new Set(), false), { isReady: true, text: 'ok\n' });
  assert.deepEqual(health.readiness(new Set(), true), { isReady: true, text: '[+]r source ok\n' });
  health.set('r sink', false, 'cut');
  assert.match(health.readiness(new Set(), false).text, /^\[\+\]r source ok\n\[-\]r sink cut\n/);
});

test('an excluded part does not count and is shown; a name that no part has is told and changes nothing', () => {
  const { health } = healthAt();
  health.set('r sink', false, 'cut');
  const { isReady, text } = health.readiness(new Set(['r sink', 'x\u001B[2J']), true);
  assert.ok(isReady);
  assert.equal(text, '[+]r sink excluded: cut\nwarn: exclude=x\\u001b[2J names no part. There are: r sink\n');
  assert.ok(!health.readiness(new Set(['other']), false).isReady);
  health.drain();
  assert.ok(!health.readiness(new Set(['r sink']), false).isReady);
  assert.ok(health.readiness(new Set(['r sink', 'draining']), false).isReady);
});

test('a text of a server with line breaks forges no part', () => {
  const { health } = healthAt();
  health.set('r sink', false, 'cut\n[+]r sink ok', 'a\u2028b');
  assert.deepEqual(health.report().split('\n')[0], '[-]r sink cut | [+]r sink ok');
  assert.match(health.report(), /\n {4}a \| b\n$/);
});

test('a process is started once every route was up, and stays so', () => {
  const { health } = healthAt();
  health.set('r sink', true);
  assert.ok(!health.isStarted);
  health.started();
  health.set('r sink', false);
  assert.ok(health.isStarted);
});
