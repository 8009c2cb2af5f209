import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AsyncQueue } from '../../runtime/kit/async-queue.ts';

const ROOM = { messages: 3, bytes: 10 };
const FOREVER = new AbortController().signal;

function inboxOf(...items: string[]): AsyncQueue<string> {
  const inbox = new AsyncQueue<string>((item) => item.length);
  for (const item of items) inbox.push(item);
  return inbox;
}

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
