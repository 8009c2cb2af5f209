import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AsyncQueue } from '../../runtime/kit/async-queue.ts';

const ROOM = { messages: 3, bytes: 10 };
const FOREVER = new AbortController().signal;

function queueOf(...items: string[]): AsyncQueue<string> {
  const queue = new AsyncQueue<string>((item) => item.length);
  for (const item of items) queue.push(item);
  return queue;
}

test('a queue waits for the first item, and is read empty only once the signal aborts', async () => {
  const queue = queueOf();
  const abort = new AbortController();
  const reading = queue.read(ROOM, abort.signal);
  queue.push('x');
  assert.deepEqual(await reading, ['x']);
  const waiting = queue.read(ROOM, abort.signal);
  abort.abort();
  assert.deepEqual(await waiting, []);
  queue.push('y');
  assert.deepEqual(await queue.read(ROOM, abort.signal), []);
  assert.equal(queue.size, 1, 'what arrived stays');
});

test('a queue that failed is read to its end first', async () => {
  const queue = queueOf('x');
  queue.fail(new Error('gone'));
  assert.deepEqual(await queue.read(ROOM, FOREVER), ['x']);
  await assert.rejects(queue.read(ROOM, FOREVER), /gone/);
  const other = queueOf();
  const reading = other.read(ROOM, FOREVER);
  other.fail(new Error('gone too'));
  await assert.rejects(reading, /gone too/);
});

test('a queue counts what it drops', () => {
  const queue = queueOf('aa', 'b');
  assert.equal(queue.dropOldest(), 'aa');
  assert.deepEqual([queue.size, queue.bytes], [1, 1]);
  queue.dropOldest();
  assert.equal(queue.dropOldest(), undefined);
});
