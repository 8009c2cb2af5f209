import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KnownIds } from '../../runtime/store/known-ids.ts';

/** What the ids are by their description: a list of additions, the oldest first. */
class ListedIds {
  readonly additions: { readonly id: string; readonly at: number }[] = [];

  addedAt(id: string): number | undefined {
    return this.additions.findLast((addition) => addition.id === id)?.at;
  }
}

const id = fc.oneof(fc.constantFrom('', 'a', 'b', 'c'), fc.string());
/** An addition, or the removal of the oldest one. */
const act = fc.oneof(
  { weight: 3, arbitrary: fc.record({ id, at: fc.double({ noNaN: true }) }) },
  fc.constant('remove'),
);

test('each id has the time of its last addition until all its additions are removed, the oldest first', () => {
  const holds = (acts: readonly ('remove' | { readonly id: string; readonly at: number })[], before: number): void => {
    const known = new KnownIds();
    const listed = new ListedIds();
    // The rings begin anywhere.
    for (let count = 0; count < before; count += 1) known.add(`before ${count}`, count);
    for (let count = 0; count < before; count += 1) known.removeOldest();
    for (const one of acts) {
      if (one === 'remove') {
        known.removeOldest();
        listed.additions.shift();
      } else {
        known.add(one.id, one.at);
        listed.additions.push(one);
      }
      assert.equal(known.size, listed.additions.length);
      assert.equal(known.oldestAt, listed.additions[0]?.at);
    }
    for (const name of ['', 'a', 'b', 'c', 'before 0']) assert.equal(known.addedAt(name), listed.addedAt(name));
    for (const { id: name } of listed.additions) assert.equal(known.addedAt(name), listed.addedAt(name));
  };
  fc.assert(fc.property(fc.array(act), fc.nat({ max: 3000 }), holds));
});

test('additions beyond the room at first are kept, wherever the oldest one lies in the ring', () => {
  const known = new KnownIds();
  for (let count = 0; count < 1000; count += 1) known.add(`gone ${count}`, count);
  for (let count = 0; count < 1000; count += 1) known.removeOldest();
  for (let count = 0; count < 70_000; count += 1) known.add(`id ${count % 60_000}`, count);
  assert.equal(known.size, 70_000);
  assert.equal(known.addedAt('gone 999'), undefined);
  for (let count = 0; count < 10_000; count += 1) known.removeOldest();
  for (const [name, at] of [
    ['id 0', 60_000],
    ['id 9999', 69_999],
    ['id 10000', 10_000],
    ['id 59999', 59_999],
  ] as const) {
    assert.equal(known.addedAt(name), at, name);
  }
  known.removeOldest();
  assert.equal(known.addedAt('id 10000'), undefined);
  assert.equal(known.oldestAt, 10_001);
});
