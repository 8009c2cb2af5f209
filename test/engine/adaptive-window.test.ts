import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AdaptiveWindow } from '../../runtime/engine/adaptive-window.ts';

/** One confirmation time of a route that always has a message to read: the window is filled, and all of it settled. */
function round(window: AdaptiveWindow, nowMs: number): void {
  const unsettled = window.messages;
  window.look(unsettled, nowMs);
  for (let settled = 0; settled < unsettled; settled += 1) window.settled();
}

test('a window that stays full doubles with each confirmation time, up to its bound', () => {
  const window = new AdaptiveWindow(1024, 0);
  const sizes = [window.messages];
  for (let at = 0; at < 6; at += 1) {
    round(window, at);
    sizes.push(window.messages);
  }
  assert.deepEqual(sizes, [64, 128, 256, 512, 1024, 1024, 1024]);
});

test('a full window in which nothing is settled doubles each time it is found so, up to its bound', () => {
  const window = new AdaptiveWindow(300, 0);
  const sizes = [];
  while (!window.isLargest) {
    window.look(window.messages, 0);
    window.stuck();
    sizes.push(window.messages);
  }
  assert.deepEqual(sizes, [128, 256, 300]);
});

test('a window that is never full does not grow', () => {
  const window = new AdaptiveWindow(1024, 0);
  for (let at = 0; at < 1000; at += 1) {
    window.look(63, at);
    window.settled();
  }
  assert.equal(window.messages, 64);
});

test('a window of which a quarter suffices for a second is halved, down to where it began', () => {
  const window = new AdaptiveWindow(1024, 0);
  for (let at = 0; at < 4; at += 1) round(window, at);
  const sizes = [];
  for (let second = 1; second <= 6; second += 1) {
    window.look(10, second * 1000);
    window.look(10, second * 1000 + 500);
    sizes.push(window.messages);
  }
  assert.deepEqual(sizes, [1024, 512, 256, 128, 64, 64]);
});

test('the window is never larger than the bound of the file, and never empty', () => {
  const steps = fc.array(fc.tuple(fc.nat(2000), fc.nat(3000), fc.nat(300)), { maxLength: 50 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), steps, (bound, all) => {
      const window = new AdaptiveWindow(bound, 0);
      let nowMs = 0;
      for (const [unsettled, laterMs, settled] of all) {
        nowMs += laterMs;
        window.look(Math.min(unsettled, window.messages), nowMs);
        for (let at = 0; at < settled; at += 1) window.settled();
        assert.ok(window.messages >= 1 && window.messages <= bound, `${window.messages} of ${bound}`);
      }
    }),
  );
});
