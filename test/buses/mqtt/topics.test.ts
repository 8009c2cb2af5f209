import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { filterFlaw, topicGrammar } from '../../../runtime/buses/mqtt/topics.ts';

test('a value never adds a level, a wildcard or a reserved first character, and two values never become one', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (value, other) => {
      const encoded = topicGrammar.encode(value);
      assert.equal(encoded.includes('/'), false);
      assert.equal(encoded.startsWith('$'), false);
      assert.equal(topicGrammar.flaw(`a${encoded}`), undefined);
      if (value !== other && value.isWellFormed() && other.isWellFormed()) {
        assert.notEqual(encoded, topicGrammar.encode(other));
      }
    }),
  );
  assert.equal(topicGrammar.encode('$SYS/a+b#'), '%24SYS%2Fa%2Bb%23');
  assert.equal(topicGrammar.encode('b\u0000\u0007'), 'b%00%07');
  assert.equal(topicGrammar.encode('ordinary-7_é'), 'ordinary-7_é');
});

test('an address that a server would answer with the end of the connection has a flaw, and it is not echoed', () => {
  const refused = [
    '',
    'a/+/b',
    'a/#',
    'a#',
    'a\u0000',
    'a\nb',
    'a\uFFFF',
    '\uD800',
    '$SYS/x',
    '$share/g/t',
    'x'.repeat(65_536),
    '/'.repeat(200),
  ];
  for (const address of refused) {
    const flaw = topicGrammar.flaw(address);
    assert.ok(flaw !== undefined, JSON.stringify(address.slice(0, 20)));
    assert.ok(flaw.length < 100);
  }
  for (const address of ['a', '/', 'a//b', '$aws/things/x', 'é/日本', 'x'.repeat(65_535), '/'.repeat(199)]) {
    assert.equal(topicGrammar.flaw(address), undefined);
  }
});

test('wildcards of a filter stand for whole levels, and a shared subscription is not spelled out', () => {
  for (const filter of ['', 'a/#/b', 'a#', '#a', 'a+/b', 'a/+b', '$share/g/t', 'a\u0000'])
    assert.ok(filterFlaw(filter), filter);
  for (const filter of ['#', '+', 'a/+/b/#', '/', '+/+', '$SYS/#']) assert.equal(filterFlaw(filter), undefined, filter);
});
