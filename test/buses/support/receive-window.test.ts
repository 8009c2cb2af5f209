import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReceiveWindow } from '../../../runtime/buses/support/receive-window.ts';

test('a window is full by messages or by bytes, and a settled message makes room', () => {
  const window = new ReceiveWindow({ messages: 3, bytes: 100 });
  window.enter(60);
  assert.equal(window.isFullFor(40), false);
  assert.equal(window.isFullFor(41), true);
  window.enter(20);
  window.enter(20);
  assert.equal(window.isFullFor(0), true);
  window.leave(60);
  assert.equal(window.isFullFor(60), false);
});

test('a message larger than the whole window is taken alone', () => {
  const window = new ReceiveWindow({ messages: 3, bytes: 100 });
  assert.equal(window.isFullFor(1000), false);
  window.enter(1000);
  assert.equal(window.isFullFor(1), true);
  window.leave(1000);
  window.enter(1);
  assert.equal(window.isFullFor(1000), true);
});

test('messages without an acknowledgement fill the window too, though the engine has settled them', () => {
  const window = new ReceiveWindow({ messages: 3, bytes: 100 });
  assert.equal(window.isFullFor(1, 2), false);
  assert.equal(window.isFullFor(1, 3), true);
});
