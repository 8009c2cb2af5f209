import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  disjoint,
  filterFlaws,
  filterOfTemplate,
  includes,
  overlap,
  subjects,
} from '../../../runtime/buses/nats/subject.ts';
import { subjectsToMake } from '../../../runtime/buses/nats/jetstream/stream.ts';

test('a value, whatever it holds, stays one token of a fine subject and never begins with $', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }), (value) => {
      const encoded = subjects.encode(value);
      const address = `a.${encoded}.z`;
      assert.equal(address.split('.').length, 3);
      assert.equal(subjects.flaw(address), undefined);
      assert.ok(!encoded.startsWith('$'));
    }),
  );
});

test('two values never become the same token', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (one, other) => {
      fc.pre(one.isWellFormed() && other.isWellFormed());
      assert.equal(subjects.encode(one) === subjects.encode(other), one === other);
    }),
  );
});

for (const [address, flaw] of [
  ['', 'an empty token'],
  ['a..b', 'an empty token'],
  ['.a', 'an empty token'],
  ['a.', 'an empty token'],
  ['a b', 'a space or a control character'],
  ['a\r\nPUB b 0', 'a space or a control character'],
  ['a.\ud800', 'what is no character in Unicode'],
  ['a.*', 'a wildcard'],
  ['a.>', 'a wildcard'],
  ['x'.repeat(2000), 'more than 1024 characters'],
] as const) {
  test(`${JSON.stringify(address.slice(0, 20))} is refused for ${flaw}`, () =>
    assert.equal(subjects.flaw(address), flaw));
}

test('a $ that the pipeline file itself writes is fine', () => assert.equal(subjects.flaw('$KV.a.b'), undefined));

test('the filter of a template has a wildcard for each token with a placeholder', () => {
  assert.equal(filterOfTemplate('tracks.{key}.v{body.a.b}.x'), 'tracks.*.*.x');
  assert.equal(filterOfTemplate('plain.{{literal}}'), 'plain.{literal}');
  assert.equal(filterOfTemplate('all.{topic.1+}'), 'all.>');
  assert.equal(filterOfTemplate('{key}.{topic.0+}.end'), '*.>');
});

test('overlap is found exactly where one subject matches both filters', () => {
  for (const [one, other, expected] of [
    ['a.*', 'a.b', true],
    ['a.>', 'a.b.c', true],
    ['a.>', 'a', false],
    ['a.*.c', 'a.b.*', true],
    ['a.*.c', 'a.b.d', false],
    ['a.b', 'a.b.c', false],
    ['>', 'x.y', true],
  ] as const) {
    assert.equal(overlap(one, other), expected, `${one} and ${other}`);
    assert.equal(overlap(other, one), expected, `${other} and ${one}`);
  }
});

test('filters that overlap or are none are flaws at their place', () => {
  const flaws = filterFlaws(['a.>', 'a.b', 'x..y', 'q.>.z']);
  assert.deepEqual(
    flaws.map(({ path }) => path.join('.')),
    ['subjects.1', 'subjects.2', 'subjects.3'],
  );
});

test('a filter includes those that match nothing which it does not match', () => {
  const pairs = [
    ['a.>', 'a.b'],
    ['a.>', 'a.b.>'],
    ['a.*', 'a.*'],
    ['>', 'a'],
    ['a.>', 'a'],
    ['a.*', 'a.>'],
    ['a.b', 'a.*'],
    ['a.*', 'a.b.c'],
  ] as const;
  assert.deepEqual(
    pairs.map(([wide, narrow]) => includes(wide, narrow)),
    [true, true, true, true, false, false, false, false],
  );
});

test('filters made disjoint match all that they matched before, and no subject matches two of them', () => {
  assert.deepEqual(disjoint(['a.b', 'a.*', 'c']), ['a.*', 'c']);
  assert.deepEqual(disjoint(['a.*.x', 'a.b.*', 'a.>']), ['a.>']);
  assert.deepEqual(disjoint(['a.*.x', 'a.b.*']), ['a.*.*']);
  const token = fc.constantFrom('a', 'b', '*');
  const filter = fc
    .tuple(fc.array(token, { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([tokens, isOpen]) => [...tokens, ...(isOpen ? ['>'] : [])].join('.'));
  fc.assert(
    fc.property(fc.array(filter, { minLength: 1, maxLength: 5 }), (filters) => {
      const apart = disjoint(filters);
      for (const one of filters)
        assert.ok(
          apart.some((wide) => includes(wide, one)),
          one,
        );
      for (const [at, one] of apart.entries())
        for (const other of apart.slice(at + 1)) assert.ok(!overlap(one, other), `${one} and ${other}`);
    }),
  );
});

test('a stream is made for all ends that write to it, but for one that would open it to any first token', () => {
  const make = (own: readonly string[], ...siblings: readonly object[]): readonly string[] =>
    subjectsToMake(
      'S',
      own,
      siblings.map((sibling) => ({ stream: 'S', ...sibling })),
    );
  assert.deepEqual(make(['a.b'], { subject: 'a.{key}' }, { subjects: ['c.>'] }), ['a.*', 'c.>']);
  assert.deepEqual(make(['a.b'], { subject: '{topic.0+}' }, { subjects: ['c.>', '>'] }), ['a.b', 'c.>']);
  assert.deepEqual(make(['a.b'], { subject: '{key}.b' }), ['a.b']);
  assert.deepEqual(make(['*.b'], { subject: 'a.{key}' }), ['*.b'], 'what the end itself names is asked for');
  assert.deepEqual(make(['a.b'], { stream: 'T', subject: 'd' }), ['a.b']);
});
