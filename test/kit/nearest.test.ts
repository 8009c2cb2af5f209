import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestName } from '#kit/nearest.ts';

const KNOWN = ['topics', 'qos', 'session', 'shared', 'key', 'expires'];

test('the nearest known name is found through one slip of each kind', () => {
  assert.equal(nearestName('topic', KNOWN), 'topics');
  assert.equal(nearestName('toppics', KNOWN), 'topics');
  assert.equal(nearestName('topisc', KNOWN), 'topics');
  assert.equal(nearestName('tapics', KNOWN), 'topics');
  assert.equal(nearestName('QoS', KNOWN), 'qos');
  assert.equal(nearestName('expries', KNOWN), 'expires');
});

test('nothing is suggested where nothing is near', () => {
  assert.equal(nearestName('retain', KNOWN), undefined);
  assert.equal(nearestName('xyz', KNOWN), undefined);
  assert.equal(nearestName('topics', []), undefined);
  assert.equal(nearestName('', KNOWN), undefined);
});

test('a short or long form of a known name is near it, and a few letters are none', () => {
  const types = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];
  for (const [form, type] of [
    ['int', 'integer'],
    ['bool', 'boolean'],
    ['num', 'number'],
    ['str', 'string'],
    ['arr', 'array'],
    ['obj', 'object'],
    ['Integers', 'integer'],
  ] as const)
    assert.equal(nearestName(form, types), type);
  assert.equal(nearestName('username', ['url', 'user', 'use-tls']), 'user');
  assert.equal(nearestName('user', ['url', 'username', 'usernamePattern']), 'username');
  assert.equal(nearestName('st', ['string']), undefined);
  assert.equal(nearestName('float', types), undefined);
});
