import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { rotation } from '../../../runtime/buses/support/server-rotation.ts';

const SERVERS = ['a', 'b', 'c'];

function first(count: number, servers: readonly string[]): unknown[] {
  const turn = rotation(servers);
  return Array.from({ length: count }, () => turn.next().value);
}

test('the servers come in their order, again and again, from one that chance picks', () => {
  const random = mock.method(Math, 'random', () => 0);
  try {
    assert.deepEqual(first(5, SERVERS), ['a', 'b', 'c', 'a', 'b']);
    random.mock.mockImplementation(() => 0.34);
    assert.deepEqual(first(4, SERVERS), ['b', 'c', 'a', 'b']);
    random.mock.mockImplementation(() => 0.9999);
    assert.deepEqual(first(4, SERVERS), ['c', 'a', 'b', 'c']);
  } finally {
    random.mock.restore();
  }
});

test('one server comes each time, and of none there is none', () => {
  assert.deepEqual(first(3, ['a']), ['a', 'a', 'a']);
  assert.deepEqual(first(2, []), [undefined, undefined]);
});
