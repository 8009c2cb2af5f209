import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backoffMs } from '../../runtime/kit/backoff.ts';
import { SwapSet } from '../../runtime/kit/swap-set.ts';
import { Deque } from '../../runtime/kit/deque.ts';
import { AsyncQueue } from '../../runtime/kit/async-queue.ts';
import { IntMap } from '../../runtime/kit/int-map.ts';
import { durationMs, sizeBytes } from '../../runtime/kit/quantity.ts';
import { SettledPrefix } from '../../runtime/buses/support/settled-prefix.ts';
import { shortened } from '../../runtime/kit/shortened.ts';
import { type SuspensionEvent, Suspensions } from '../../runtime/buses/support/suspensions.ts';

test('a deque holds what an array would, whatever is done to it', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer()), { maxLength: 300 }), (acts) => {
      const deque = new Deque<number>();
      const array: number[] = [];
      for (const act of acts) {
        if (act === null) assert.equal(deque.shift(), array.shift());
        else {
          deque.push(act);
          array.push(act);
        }
        assert.equal(deque.size, array.length);
        assert.deepEqual(
          [deque.at(0), deque.at(array.length - 1), deque.at(array.length)],
          [array[0], array.at(-1), undefined],
        );
      }
    }),
  );
});

test('numbered entries are what a Map would hold, in its order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.boolean()), { maxLength: 300 }), (acts) => {
      const numbered = new IntMap<{ n: number }>();
      const map = new Map<number, { n: number }>();
      for (const [key, isAdded] of acts) {
        const value = { n: key };
        if (!isAdded || map.has(key)) {
          assert.equal(numbered.delete(key), map.get(key));
          map.delete(key);
        } else {
          numbered.add(key, value);
          map.set(key, value);
        }
        assert.deepEqual(
          [numbered.size, numbered.firstKey(), numbered.get(key)],
          [map.size, [...map.keys()][0], map.get(key)],
        );
      }
      assert.deepEqual([...numbered.entries()], [...map]);
      assert.deepEqual(numbered.values(), [...map.values()]);
    }),
  );
});

test('a member that leaves a set is gone, and every other one is still there', () => {
  const set = new SwapSet<{ place: number; name: string }>();
  const members = ['a', 'b', 'c', 'd'].map((name) => ({ place: 0, name }));
  for (const member of members) set.add(member);
  for (const member of members.slice(1, 3)) set.delete(member);
  assert.deepEqual(
    set
      .all()
      .map(({ name }) => name)
      .toSorted(),
    ['a', 'd'],
  );
  assert.equal(set.size, 2);
});

test('a queue gives no more than the bound, a large first item alone, and nothing after an abort', async () => {
  const queue = new AsyncQueue<string>((text) => text.length);
  for (const text of ['aa', 'bb', 'cccccc', 'd']) queue.push(text);
  const { signal } = new AbortController();
  assert.deepEqual(await queue.read({ messages: 5, bytes: 5 }, signal), ['aa', 'bb']);
  assert.deepEqual([queue.size, queue.bytes], [2, 7]);
  assert.deepEqual(await queue.read({ messages: 5, bytes: 5 }, signal), ['cccccc']);
  assert.deepEqual(await queue.read({ messages: 1, bytes: 5 }, signal), ['d']);
  const stopping = new AbortController();
  const reading = queue.read({ messages: 1, bytes: 1 }, stopping.signal);
  stopping.abort();
  assert.deepEqual(await reading, []);
});

test('settlements in any order come out in the order of receipt', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 30 }), (seeds) => {
      const released: number[] = [];
      const prefix = new SettledPrefix<{ readonly index: number; isSettled: boolean }>();
      const items = seeds.map((_, index) => ({ index, isSettled: false }));
      for (const item of items) prefix.push(item);
      const order = seeds.map((seed, index) => ({ seed, index })).toSorted((a, b) => a.seed - b.seed);
      for (const { index } of order) {
        Object.assign(items[index] ?? {}, { isSettled: true });
        prefix.advance((item) => released.push(item.index));
      }
      assert.deepEqual(
        released,
        seeds.map((_, index) => index),
      );
      assert.equal(prefix.size, 0);
    }),
  );
});

test('a delay doubles up to its cap and lies between half of it and all', () => {
  const backoff = { firstMs: 100, capMs: 1000 };
  assert.deepEqual(
    [1, 2, 5, 50].map((failures) => backoffMs(backoff, failures, () => 0)),
    [50, 100, 500, 500],
  );
  assert.deepEqual(
    [1, 2, 5].map((failures) => backoffMs(backoff, failures, () => 1)),
    [100, 200, 1000],
  );
});

test('durations and sizes need their unit', () => {
  assert.deepEqual(['250ms', '30s', '5m', '2h', '1d'].map(durationMs), [250, 30_000, 300_000, 7_200_000, 86_400_000]);
  assert.deepEqual(['900B', '64KiB', '2GiB'].map(sizeBytes), [900, 65_536, 2_147_483_648]);
  for (const text of ['30', 's', '1.5s', '-1s', '30 s']) assert.throws(() => durationMs(text), RangeError);
});

test('a text is cut behind so many characters, never within one, and one that fits stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 20 }), (text, most) => {
      const cut = shortened(text, most);
      if (text.length <= most) return assert.equal(cut, text);
      assert.ok(cut.isWellFormed());
      assert.equal(cut.length, most + 3);
      assert.ok(cut.endsWith('...'));
      return assert.ok(text.startsWith(cut.slice(0, most - 1)));
    }),
  );
});

test('an end works again only when nothing suspends it any more, and never says so before it did not', () => {
  const said: SuspensionEvent[] = [];
  const suspensions = new Suspensions((event) => said.push(event));
  suspensions.resume('a', 'unasked');
  assert.deepEqual([said, suspensions.hasAny], [[], false]);
  suspensions.suspend('a', 'no right');
  suspensions.suspend('b', 'paused');
  suspensions.resume('a', 'granted');
  assert.equal(suspensions.hasAny, true);
  suspensions.resume('b', 'goes on');
  suspensions.resume('b', 'goes on');
  assert.deepEqual(said, [
    { kind: 'suspended', detail: 'no right' },
    { kind: 'suspended', detail: 'paused' },
    { kind: 'suspended', detail: 'paused' },
    { kind: 'resumed', detail: 'goes on' },
  ]);
  assert.equal(suspensions.hasAny, false);
});
