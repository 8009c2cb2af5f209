import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { near, randomDocument } from './random-documents.ts';
import { Random } from './random.ts';
import { changed, randomSchema, type Schema } from './random-schemas.ts';
import { compare, judgeOf } from './versions.ts';

interface Pair {
  readonly older: Schema;
  readonly newer: Schema;
}

/** Two versions of a schema in one draft; undefined where the compiler refuses one of the two. */
function randomPair(random: Random): (Pair & { readonly judges: readonly [Judge, Judge] }) | undefined {
  const dialect = { isSeventh: random.chance(0.3) };
  const older = randomSchema(random, dialect);
  const newer = changed(random, older, dialect);
  try {
    return { older, newer, judges: [judgeOf(older), judgeOf(newer)] };
  } catch {
    return undefined;
  }
}

type Judge = ReturnType<typeof judgeOf>;

/** A document that the writer accepts and the reader refuses, of so many that are made at random and from those that fit. */
function refused(random: Random, writer: Judge, reader: Judge, tries: number): unknown {
  const fitting: unknown[] = [];
  for (let left = tries; left > 0; left -= 1) {
    const document =
      fitting.length > 0 && random.chance(0.6) ? near(random, random.of(fitting)) : randomDocument(random);
    if (writer(document) !== true) continue;
    fitting.push(document);
    if (reader(document) === false) return document;
  }
  return undefined;
}

const RUNS = Number(process.env['SLUICE_SCHEMA_PAIRS'] ?? 120);

test('no document is found that breaks what is called compatible, and the validator confirms each example of a break', () => {
  const counts = { yes: 0, no: 0, unknown: 0 };
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new Random(seed);
      const pair = randomPair(random);
      if (pair === undefined) return;
      const { backward, forward } = compare(pair.older, pair.newer);
      const [older, newer] = pair.judges;
      for (const [verdict, writer, reader] of [
        [backward, older, newer],
        [forward, newer, older],
      ] as const) {
        counts[verdict.answer] += 1;
        const where: string = JSON.stringify(pair);
        if (verdict.answer === 'yes') assert.equal(refused(random, writer, reader, 200), undefined, where);
        for (const difference of verdict.differences) {
          if (!('example' in difference)) continue;
          const { example } = difference;
          assert.deepEqual([writer(example), reader(example)], [true, false], `${JSON.stringify(example)} of ${where}`);
        }
        assert.equal(
          verdict.answer === 'no',
          verdict.differences.some((one) => 'example' in one),
          where,
        );
      }
    }),
    { numRuns: RUNS },
  );
  // An answer to everything would be "cannot tell".
  const all = counts.yes + counts.no + counts.unknown;
  assert.ok(counts.unknown < all / 10 && counts.no > all / 10, JSON.stringify(counts));
});

test('a schema is compatible with itself, with an annotated twin, and with one that accepts everything', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new Random(seed);
      const pair = randomPair(random);
      if (pair === undefined) return;
      const { older } = pair;
      const twin = typeof older === 'object' ? { ...older, title: 'twin', $comment: 'the same' } : older;
      for (const [one, other] of [
        [older, older],
        [older, twin],
      ] as const) {
        const { backward, forward } = compare(one, other);
        assert.deepEqual([backward.answer, forward.answer], ['yes', 'yes'], JSON.stringify([one, other]));
      }
      assert.equal(compare(older, true).backward.answer, 'yes');
      assert.equal(compare(older, false).forward.answer, 'yes');
    }),
    { numRuns: 40 },
  );
});
