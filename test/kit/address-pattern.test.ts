import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { covers, LEVELS, meets, overlaps, patternOf, PatternTree } from '#kit/address-pattern.ts';
import type { AddressPattern } from '#kit/address-pattern.ts';

const WILDCARDS = { separator: '/', one: '+', levels: '#' };
const TEXTS = ['a', 'b', 'ab', '$s'];

/** Every address of up to four levels: whatever two patterns of this size have in common, one of them shows. */
const ADDRESSES: readonly (readonly string[])[] = (() => {
  const all: string[][] = [[]];
  for (let from = 0, levels = 0; levels < 4; levels += 1) {
    const until = all.length;
    for (; from < until; from += 1) for (const text of TEXTS) all.push([...(all[from] ?? []), text]);
  }
  return all;
})();

/** As the standards define it, level by level. */
function matches(pattern: AddressPattern, address: readonly string[], hidden?: string, isFirst = true): boolean {
  const [level, ...rest] = pattern;
  const [text, ...more] = address;
  if (level === undefined) return text === undefined;
  const isHidden = isFirst && hidden !== undefined && text?.startsWith(hidden) === true;
  if (level === LEVELS) {
    if (isHidden) return false;
    return matches(rest, address, hidden, false) || (text !== undefined && matches(pattern, more, hidden, false));
  }
  if (text === undefined) return false;
  const fits =
    typeof level === 'string'
      ? level === text
      : !(isHidden && level.begins === '') &&
        text.length >= level.begins.length + level.ends.length &&
        text.startsWith(level.begins) &&
        text.endsWith(level.ends);
  return fits && matches(rest, more, hidden, false);
}

const fixed = fc.constantFrom(...TEXTS);
const filters = fc
  .array(fc.oneof(fixed, fc.constantFrom('+', '#')), { minLength: 1, maxLength: 3 })
  .map((levels) => patternOf(levels.join('/'), WILDCARDS));
const templates: fc.Arbitrary<AddressPattern> = fc.array(
  fc.oneof(
    fixed,
    fc.constant(LEVELS),
    fc.record({ begins: fc.constantFrom('', 'a', 'b', '$'), ends: fc.constantFrom('', 'a', 'b') }),
  ),
  { minLength: 1, maxLength: 3 },
);
const hiddens = fc.constantFrom('$', undefined);

test('a filter and a template meet exactly where some address is one of both', () => {
  fc.assert(
    fc.property(filters, templates, (filter, template) => {
      const both = ADDRESSES.find((address) => matches(filter, address) && matches(template, address));
      // Texts of three letters are not among the addresses: a template may begin and end with different ones.
      if (both !== undefined) assert.ok(meets(filter, template));
      else if (template.every((level) => typeof level === 'string' || level === LEVELS)) {
        assert.ok(!meets(filter, template));
      }
    }),
    { numRuns: 5000 },
  );
});

test('two filters overlap exactly where some address matches both, and a leading wildcard passes over what is hidden', () => {
  fc.assert(
    fc.property(filters, filters, hiddens, (one, other, hidden) => {
      // Two filters may both begin with any number of levels and hide what neither shows first.
      const both = ADDRESSES.some((address) => matches(one, address, hidden) && matches(other, address, hidden));
      const [, second] = overlaps([one, other], hidden);
      if (both) assert.equal(second, 0);
      else if (hidden === undefined) assert.equal(second, undefined);
    }),
    { numRuns: 5000 },
  );
  const overlap = (one: string, other: string): boolean =>
    overlaps([patternOf(one, WILDCARDS), patternOf(other, WILDCARDS)], '$')[1] === 0;
  assert.ok(overlap('a/#', 'a'), 'the parent level too');
  assert.ok(overlap('+/b', 'a/+'));
  assert.ok(!overlap('#', '$SYS/#'));
  assert.ok(!overlap('+/x', '$s/x'));
  assert.ok(overlap('$s/#', '$s/x'));
  assert.ok(!overlap('a/+', 'a/b/c'));
});

test('a filter that covers a template matches every address that the template makes', () => {
  let covered = 0;
  fc.assert(
    fc.property(filters, templates, hiddens, (filter, template, hidden) => {
      if (!covers(filter, template, hidden)) return;
      covered += 1;
      for (const address of ADDRESSES) {
        if (matches(template, address, hidden)) assert.ok(matches(filter, address, hidden), address.join('/'));
      }
    }),
    { numRuns: 5000 },
  );
  assert.ok(covered > 50, `${covered} cases say something`);
  assert.ok(covers(patternOf('a/#', WILDCARDS), ['a', LEVELS]));
  assert.ok(covers(patternOf('a/+/+', WILDCARDS), ['a', 'b', { begins: 'x', ends: '' }]));
  assert.ok(!covers(patternOf('a/+', WILDCARDS), ['a', LEVELS]));
});

test('a tree gives each filter that meets a pattern once, as comparing with each does', () => {
  fc.assert(
    fc.property(fc.array(filters, { maxLength: 8 }), templates, hiddens, (all, template, hidden) => {
      const tree = new PatternTree<number>(hidden);
      for (const [at, filter] of all.entries()) tree.add(filter, at);
      const expected = [...all.keys()].filter((at) => meets(all[at] ?? [], template, hidden));
      assert.deepEqual(
        [...tree.meeting(template)].toSorted((a, b) => a - b),
        expected,
      );
    }),
    { numRuns: 3000 },
  );
});
