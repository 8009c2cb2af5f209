import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AdaptiveWindow } from '../../runtime/engine/adaptive-window.ts';

/** A route that always has a message to read, and how long a sink takes for so many messages in flight. */
class Filled {
  nowMs = 0;
  readonly window: AdaptiveWindow;
  readonly #takesMs: (messages: number, nowMs: number) => number;

  constructor(bound: number, takesMs: (messages: number, nowMs: number) => number) {
    this.window = new AdaptiveWindow(bound, 0);
    this.#takesMs = takesMs;
  }

  /** The window is filled, and all of it settled. Answers the size after it. */
  round(): number {
    const { window } = this;
    const unsettled = window.messages;
    window.look(unsettled, this.nowMs);
    for (let settled = 0; settled < unsettled; settled += 1) window.settled();
    this.nowMs += this.#takesMs(unsettled, this.nowMs);
    window.look(window.messages, this.nowMs);
    return window.messages;
  }

  /** The sizes of `window` over so many rounds, each one once. */
  sizes(rounds: number): readonly number[] {
    const sizes = [this.window.messages];
    for (let at = 0; at < rounds; at += 1) {
      const size = this.round();
      if (size !== sizes.at(-1)) sizes.push(size);
    }
    return sizes;
  }
}

const RTT_MS = 300;
const perSecond = (rate: number) => (messages: number) => (messages * 1000) / rate;

test('a window that stays full doubles up to its bound, in every second round', () => {
  assert.deepEqual(new Filled(1024, () => 1).sizes(8), [64, 128, 256, 512, 1024]);
});

test('behind a long way, where more in flight takes no longer, the window grows up to its bound', () => {
  assert.deepEqual(new Filled(1024, () => RTT_MS).sizes(8), [64, 128, 256, 512, 1024]);
});

test('behind a slow sink, where each message only waits longer, the window goes back to where it began and tries again after 10 s', () => {
  const route = new Filled(1024, perSecond(200));
  assert.deepEqual(route.sizes(2), [64, 128, 64]);
  const keptMs = route.nowMs;
  while (route.round() === 64);
  assert.ok(route.nowMs - keptMs >= 10_000 && route.nowMs - keptMs < 11_000, `${route.nowMs - keptMs} ms`);
});

test('a window that passes within 100 ms grows, whatever the sink takes', () => {
  assert.equal(new Filled(1024, perSecond(11_000)).sizes(20).at(-1), 1024);
});

test('growth of a window in which nothing was settled is judged like any other', () => {
  const route = new Filled(1024, perSecond(200));
  route.sizes(2);
  assert.ok(route.window.stuck(100, 64, 0));
  assert.ok(route.window.stuck(100, 64, 0));
  assert.deepEqual(route.sizes(1), [256, 64]);
});

test('before a sink that becomes slow the window is halved, down to where it began; once it is fast again the window grows', () => {
  let rate = 20_000;
  const route = new Filled(1024, (messages) => (messages * 1000) / rate);
  route.sizes(8);
  rate = 100;
  assert.deepEqual(route.sizes(6), [1024, 512, 256, 128, 64]);
  rate = 20_000;
  const slowMs = route.nowMs;
  while (route.round() < 1024);
  assert.ok(route.nowMs - slowMs < 11_000, `${route.nowMs - slowMs} ms`);
});

test('when the way becomes long the window is halved, and after 10 s it grows up to its bound', () => {
  let rttMs = 10;
  const route = new Filled(1024, () => rttMs);
  route.sizes(8);
  rttMs = 1200;
  assert.deepEqual(route.sizes(40), [1024, 512, 256, 128, 64, 128, 256, 512, 1024]);
});

test('a full window in which nothing is settled doubles each time it is found so, up to its bound', () => {
  const window = new AdaptiveWindow(300, 0);
  const sizes = [];
  while (window.stuck(100, window.messages, 0)) sizes.push(window.messages);
  assert.deepEqual(sizes, [128, 256, 300]);
});

test('where most of them wait for the sink the window grows after a second without a confirmation', () => {
  const window = new AdaptiveWindow(1024, 0);
  assert.ok(!window.stuck(900, 64, 33));
  assert.ok(window.stuck(900, 64, 32));
  assert.ok(window.stuck(1000, 128, 128));
  assert.equal(window.messages, 256);
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
  const route = new Filled(1024, () => 0);
  route.sizes(8);
  const { window } = route;

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
