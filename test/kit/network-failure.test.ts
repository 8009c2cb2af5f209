import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkCodeOf } from '#kit/network-failure.ts';

test('a failure of the network is known by its code, or that of what caused it, however fetch and Node wrap it', async () => {
  const refused = await fetch('http://127.0.0.1:1/').catch((thrown: unknown) => thrown);
  // Port 1 is one that fetch refuses by itself: that is a mistake of the function, not of the network.
  assert.equal(networkCodeOf(refused), undefined);
  const inner = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  assert.equal(networkCodeOf(inner), 'ECONNREFUSED');
  assert.equal(networkCodeOf(new TypeError('fetch failed', { cause: inner })), 'ECONNREFUSED');
  assert.equal(networkCodeOf(new TypeError('fetch failed', { cause: new AggregateError([inner]) })), 'ECONNREFUSED');
  const late = await new Promise((resolve) => {
    const signal = AbortSignal.timeout(1);
    signal.addEventListener('abort', () => resolve(signal.reason));
  });
  assert.equal(networkCodeOf(late), 'TimeoutError');
});

test('any other error is none, and nothing that calls itself one can break the question', () => {
  assert.equal(networkCodeOf(new Error('ECONNREFUSED')), undefined);
  assert.equal(networkCodeOf(Object.assign(new Error('x'), { code: 'ENOENT' })), undefined);
  assert.equal(networkCodeOf({ code: 'ECONNREFUSED' }), undefined);
  const loop = new Error('loop');
  loop.cause = loop;
  assert.equal(networkCodeOf(loop), undefined);
  const trap = Object.defineProperty(new Error('trap'), 'code', {
    get() {
      throw new Error('no');
    },
  });
  assert.equal(networkCodeOf(trap), undefined);
});
