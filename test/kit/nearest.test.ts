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
