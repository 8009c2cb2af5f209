import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FilterTree } from '../../../runtime/buses/nats/filter-tree.ts';
import { filterFlaws, overlap } from '../../../runtime/buses/nats/subject.ts';
import { patient } from '../../harness/patience.ts';

const tokens = fc.array(fc.constantFrom('a', 'b', '*'), { minLength: 1, maxLength: 4 });
const filters = fc.tuple(tokens, fc.boolean()).map(([all, isOpen]) => [...all, ...(isOpen ? ['>'] : [])].join('.'));

test('a tree of filters finds one that overlaps exactly where comparing with each finds one', () => {
  fc.assert(
    fc.property(fc.array(filters, { maxLength: 8 }), filters, (all, filter) => {
      const tree = new FilterTree();
      for (const one of all) tree.add(one);
      const found = tree.overlapping(filter);
      assert.equal(
        found !== undefined,
        all.some((one) => overlap(one, filter)),
        `${all.join(' ')} and ${filter}`,
      );
      if (found !== undefined) assert.ok(all.includes(found) && overlap(found, filter), found);
    }),
    { numRuns: 5000 },
  );
});

test('as many filters as a pipeline file holds are compared within a second', () => {
  for (const made of [(n: number) => `t${n}.*.>`, (n: number) => `*.*.*.*.${n}`, (n: number) => `t${n}`]) {
    const all = Array.from({ length: 20_000 }, (_, n) => made(n));
    const startMs = performance.now();
    assert.deepEqual(filterFlaws(all), []);
    assert.ok(performance.now() - startMs < patient(1000), made(0));
  }
});
