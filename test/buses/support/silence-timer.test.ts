import assert from 'node:assert/strict';
import { mock, test, type TestContext } from 'node:test';
import { SilenceTimer } from '../../../runtime/buses/support/silence-timer.ts';

const TIMEOUT_MS = 1000;

interface Clock {
  awaited: number;
  silences: number;
  readonly timer: SilenceTimer;
  pass(ms: number): void;
}

/** A timer on a virtual clock. `pass` lets time pass in small steps, as timers of Node see it. */
function clocked(t: TestContext): Clock {
  let nowMs = 0;
  mock.timers.enable({ apis: ['setTimeout'] });
  mock.method(performance, 'now', () => nowMs);
  t.after(() => {
    mock.timers.reset();
    mock.restoreAll();
  });
  const clock: Clock = {
    awaited: 0,
    silences: 0,
    timer: new SilenceTimer({
      timeoutMs: TIMEOUT_MS,
      isAwaiting: () => clock.awaited > 0,
      onSilence: () => void (clock.silences += 1),
    }),
    pass(ms: number): void {
      for (let step = 0; step < ms; step += 100) {
        nowMs += 100;
        mock.timers.tick(100);
      }
    },
  };
  return clock;
}

function send(clock: Clock): void {
  clock.timer.sent();
  clock.awaited += 1;
}

test('no answer within the timeout is silence, and it is reported once', (t) => {
  const clock = clocked(t);
  send(clock);
  clock.pass(TIMEOUT_MS - 100);
  assert.equal(clock.silences, 0);
  clock.pass(100);
  assert.equal(clock.silences, 1);
  clock.pass(5 * TIMEOUT_MS);
  assert.equal(clock.silences, 1);
});

test('each answer gives the awaited ones the whole timeout again', (t) => {
  const clock = clocked(t);
  for (let count = 0; count < 3; count += 1) send(clock);
  for (let count = 0; count < 2; count += 1) {
    clock.pass(TIMEOUT_MS - 200);
    clock.timer.answered();
    clock.awaited -= 1;
  }
  clock.pass(TIMEOUT_MS - 100);
  assert.equal(clock.silences, 0);
  clock.pass(100);
  assert.equal(clock.silences, 1);
});

test('a send behind an idle time has the whole timeout, and a later send does not lengthen it', (t) => {
  const clock = clocked(t);
  send(clock);
  clock.timer.answered();
  clock.awaited = 0;
  clock.pass(TIMEOUT_MS / 2);
  send(clock);
  clock.pass(TIMEOUT_MS - 100);
  send(clock);
  assert.equal(clock.silences, 0);
  clock.pass(100);
  assert.equal(clock.silences, 1);
});

test('a held timer counts no silence, and counts anew when it is let go', (t) => {
  const clock = clocked(t);
  send(clock);
  clock.timer.hold(true);
  clock.pass(10 * TIMEOUT_MS);
  clock.timer.hold(false);
  clock.pass(TIMEOUT_MS - 100);
  assert.equal(clock.silences, 0);
  clock.pass(TIMEOUT_MS);
  assert.equal(clock.silences, 1);
});

test('a stopped timer reports nothing, and a send starts it again', (t) => {
  const clock = clocked(t);
  send(clock);
  clock.timer.stop();
  clock.awaited = 0;
  clock.pass(3 * TIMEOUT_MS);
  assert.equal(clock.silences, 0);
  send(clock);
  clock.pass(TIMEOUT_MS);
  assert.equal(clock.silences, 1);
});
