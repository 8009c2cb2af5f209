import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { WindowBounds } from '../../runtime/contract/source.ts';
import { AdaptiveWindow } from '../../runtime/engine/adaptive-window.ts';

type MessageBounds = Omit<WindowBounds, 'bytes'>;

/** One confirmation time of a route that always has a message to read: the window is filled, and all of it settled. */
function round(window: AdaptiveWindow, nowMs: number): void {
  const unsettled = window.messages;
  window.look(unsettled, nowMs);
  for (let settled = 0; settled < unsettled; settled += 1) window.settled();
}

/** The sizes of the window of a route whose sink confirms all that is in flight at once, every so often. Each size once. */
function sizesOver(
  bounds: MessageBounds,
  forMs: number,
  everyMs: (messages: number, nowMs: number) => number,
): number[] {
  const window = new AdaptiveWindow(bounds, 0);
  const sizes = [window.messages];
  for (let nowMs = 0; nowMs < forMs;) {
    round(window, nowMs);
    nowMs += everyMs(window.messages, nowMs);
    window.look(0, nowMs);
    if (window.messages !== sizes.at(-1)) sizes.push(window.messages);
  }
  return sizes;
}

const DEFAULT = { messages: 1024, slowMessages: 256 };

test('a window that stays full doubles with each confirmation time, up to its bound', () => {
  assert.deepEqual(
    sizesOver({ messages: 1024 }, 1000, () => 20),
    [64, 128, 256, 512, 1024],
  );
});

test('a stated bound holds behind a long way and for a slow sink too', () => {
  assert.deepEqual(
    sizesOver({ messages: 1024 }, 60_000, () => 1500),
    [64, 128, 256, 512, 1024],
  );
  assert.equal(sizesOver({ messages: 1024 }, 60_000, (messages) => messages * 5).at(-1), 1024);
});

test('without a stated one the window is larger than 256 only while half a second settles as many', () => {
  for (const perSecond of [100, 300, 500]) {
    const sizes = sizesOver(DEFAULT, 60_000, (messages) => (messages * 1000) / perSecond);
    assert.deepEqual(sizes, [64, 128, 256], `${perSecond} a second`);
  }
  const sizes = sizesOver(DEFAULT, 60_000, (messages) => (messages * 1000) / 1200);
  assert.ok(Math.max(...sizes) <= 600 && (sizes.at(-1) ?? 0) > 256, sizes.join());
  assert.equal(sizesOver(DEFAULT, 1000, () => 20).at(-1), 1024);
});

test('when the sink becomes slow the window is 256 again within two seconds, and when it is fast again up to the bound within one', () => {
  const rateAt = (nowMs: number): number => (nowMs < 3000 || nowMs >= 20_000 ? 20_000 : 100);
  const window = new AdaptiveWindow(DEFAULT, 0);
  const at = new Map<number, number>();
  for (let nowMs = 0; nowMs < 22_000; nowMs += 10) {
    window.look(window.messages, nowMs);
    for (let settled = 0; settled < rateAt(nowMs) / 100; settled += 1) window.settled();
    at.set(nowMs, window.messages);
  }
  assert.deepEqual(
    [2990, 5010, 19_990, 20_500].map((ms) => at.get(ms)),
    [1024, 256, 256, 1024],
  );
});

test('a full window in which nothing is settled doubles each time it is found so, up to its bound for now', () => {
  for (const [bounds, wanted] of [
    [{ messages: 300 }, [128, 256, 300]],
    [DEFAULT, [128, 256]],
  ] as const) {
    const window = new AdaptiveWindow(bounds, 0);
    const sizes = [];
    for (window.look(64, 0); window.mayGrow; window.look(window.messages, 0)) {
      window.stuck();
      sizes.push(window.messages);
    }
    assert.deepEqual(sizes, wanted);
  }
});

test('where the bytes are the limit the window does not grow', () => {
  const window = new AdaptiveWindow({ messages: 1024 }, 0);
  window.look(10, 0);
  assert.equal(window.mayGrow, false);
});

test('a window that is never full does not grow', () => {
  const window = new AdaptiveWindow({ messages: 1024 }, 0);
  for (let at = 0; at < 1000; at += 1) {
    window.look(63, at);
    window.settled();
  }
  assert.equal(window.messages, 64);
});

test('a window of which a quarter suffices for a second is halved, down to where it began', () => {
  const window = new AdaptiveWindow({ messages: 1024 }, 0);
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
    fc.property(
      fc.integer({ min: 1, max: 2000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      steps,
      (bound, part, all) => {
        const window = new AdaptiveWindow({ messages: bound, slowMessages: Math.max(1, Math.floor(bound * part)) }, 0);
        let nowMs = 0;
        for (const [unsettled, laterMs, settled] of all) {
          nowMs += laterMs;
          window.look(Math.min(unsettled, window.messages), nowMs);
          for (let at = 0; at < settled; at += 1) window.settled();
          assert.ok(window.messages >= 1 && window.messages <= bound, `${window.messages} of ${bound}`);
        }
      },
    ),
  );
});

test('a window of one message a key begins with its bound for a slow route, and only a fast one has more', () => {
  const { slowMessages } = DEFAULT;
  const slow = new AdaptiveWindow(DEFAULT, 0, slowMessages);
  assert.equal(slow.messages, 256);
  slow.look(256, 0);
  slow.stuck();
  slow.look(256, 60_000);
  assert.equal(slow.messages, 256, 'while the sink is away all of it waits');
  for (let nowMs = 60_000; nowMs < 61_000; nowMs += 10) round(slow, nowMs);
  assert.equal(slow.messages, 1024);
  slow.look(0, 62_000);
  slow.look(0, 63_000);
  slow.look(0, 64_000);
  assert.equal(slow.messages, 256, 'and an idle one has no less');
});
