import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Crowd } from '../../runtime/kit/crowd.ts';
import { Deque } from '../../runtime/kit/deque.ts';
import { Inbox } from '../../runtime/kit/inbox.ts';
import { SettledPrefix } from '../../runtime/kit/settled-prefix.ts';

test('a deque is a list that is taken from its front', () => {
  const steps = fc.array(
    fc.oneof({ weight: 3, arbitrary: fc.constant('push') }, { weight: 2, arbitrary: fc.constant('shift') }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(steps, (commands) => {
      const deque = new Deque<number>();
      const list: number[] = [];
      for (const [number, command] of commands.entries()) {
        if (command === 'push') {
          deque.push(number);
          list.push(number);
        } else assert.equal(deque.shift(), list.shift());
        assert.equal(deque.size, list.length);
        assert.deepEqual(
          [deque.at(0), deque.at(list.length - 1), deque.at(list.length)],
          [list[0], list.at(-1), undefined],
        );
      }
    }),
  );
});

test('a deque that is never empty gives up what it has handed out', () => {
  const deque = new Deque<number>();
  for (let n = 0; n < 5000; n += 1) {
    deque.push(n);
    if (n >= 100) assert.equal(deque.shift(), n - 100);
  }
  assert.equal(deque.size, 100);
  assert.equal(deque.at(0), 4900);
});

test('a crowd is a set: who left is gone, everyone else is there', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), (visits) => {
      const crowd = new Crowd<{ place: number; readonly n: number }>();
      const inside = new Map<number, { place: number; readonly n: number }>();
      for (const n of visits) {
        const member = inside.get(n);
        if (member === undefined) {
          const joined = { place: -1, n };
          crowd.add(joined);
          inside.set(n, joined);
        } else {
          crowd.delete(member);
          inside.delete(n);
        }
        assert.equal(crowd.size, inside.size);
        assert.deepEqual(new Set(crowd.all()), new Set(inside.values()));
      }
    }),
  );
});

test('a settled prefix releases in the order of entry, each once, none before those ahead of it', () => {
  const order = fc.nat(30).chain((count) =>
    fc.shuffledSubarray(
      Array.from({ length: count }, (_, n) => n),
      { minLength: count },
    ),
  );
  fc.assert(
    fc.property(order, fc.nat(30), (settling, repeated) => {
      const released: number[] = [];
      const prefix = new SettledPrefix<number>((item) => released.push(item));
      const settle = Array.from({ length: settling.length }, (_, n) => prefix.enter(n));
      const settled = new Set<number>();
      for (const n of settling) {
        settle[n]?.();
        settle[repeated]?.call(undefined);
        settled.add(n);
        if (repeated < settling.length) settled.add(repeated);
        let expected = 0;
        while (settled.has(expected)) expected += 1;
        assert.deepEqual(
          released,
          Array.from({ length: expected }, (_, item) => item),
        );
        assert.equal(prefix.size, settling.length - expected);
      }
    }),
  );
});

const ROOM = { messages: 3, bytes: 10 };
const FOREVER = new AbortController().signal;

function inboxOf(...items: string[]): Inbox<string> {
  const inbox = new Inbox<string>((item) => item.length);
  for (const item of items) inbox.push(item);
  return inbox;
}

test('an inbox hands out what is at hand within the bound, in order; one that is too large alone', async () => {
  const inbox = inboxOf('aaaa', 'bbbb', 'cccc', 'd'.repeat(50), 'e', 'f', 'g', 'h');
  assert.deepEqual([inbox.size, inbox.bytes], [8, 66]);
  const reads: (readonly string[])[] = [];
  while (inbox.size > 0) reads.push(await inbox.read(ROOM, FOREVER));
  assert.deepEqual(reads, [['aaaa', 'bbbb'], ['cccc'], ['d'.repeat(50)], ['e', 'f', 'g'], ['h']]);
  assert.equal(inbox.bytes, 0);
});

test('an inbox waits for the first item, and is read empty only once the signal aborts', async () => {
  const inbox = inboxOf();
  const abort = new AbortController();
  const reading = inbox.read(ROOM, abort.signal);
  inbox.push('x');
  assert.deepEqual(await reading, ['x']);
  const waiting = inbox.read(ROOM, abort.signal);
  abort.abort();
  assert.deepEqual(await waiting, []);
  inbox.push('y');
  assert.deepEqual(await inbox.read(ROOM, abort.signal), []);
  assert.equal(inbox.size, 1, 'what arrived stays');
});

test('an inbox that failed is read to its end first', async () => {
  const inbox = inboxOf('x');
  inbox.fail(new Error('gone'));
  assert.deepEqual(await inbox.read(ROOM, FOREVER), ['x']);
  await assert.rejects(inbox.read(ROOM, FOREVER), /gone/);
  const other = inboxOf();
  const reading = other.read(ROOM, FOREVER);
  other.fail(new Error('gone too'));
  await assert.rejects(reading, /gone too/);
});

test('an inbox counts what it drops', () => {
  const inbox = inboxOf('aa', 'b');
  assert.equal(inbox.dropOldest(), 'aa');
  assert.deepEqual([inbox.size, inbox.bytes], [1, 1]);
  inbox.dropOldest();
  assert.equal(inbox.dropOldest(), undefined);
});
