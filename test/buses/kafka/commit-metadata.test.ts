import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  readMetadata,
  type SettledBeyond,
  surelyHolds,
  writeMetadata,
} from '../../../runtime/buses/kafka/source/commit-metadata.ts';
import { type OffsetRange, offsetCount } from '../../../runtime/buses/kafka/source/offset-ranges.ts';

const BOUND = 4000;

/** Ranges behind an offset, of every density: gaps and lengths from 1 up to `most`. */
const settled = (most: number, ranges: number): fc.Arbitrary<SettledBeyond> =>
  fc
    .record({
      offset: fc.integer({ min: 0, max: 2 ** 50 }),
      tag: fc.constantFrom('', '@AbC-_012', '@AbC-_012@lx3k'),
      leaderEpoch: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
      steps: fc.array(fc.tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 1, max: most })), {
        minLength: 1,
        maxLength: ranges,
      }),
    })
    .map(({ offset, tag, leaderEpoch, steps }) => {
      let at = offset;
      const found = steps.map(([gap, length]): OffsetRange => {
        const from = at + gap;
        at = from + length;
        return { from, to: at };
      });
      return { offset, tag, leaderEpoch, settled: found };
    });

const dense = settled(3, 2000);
const sparse = settled(100_000, 300);
const single = settled(2 ** 40, 3);

/** The offsets of the first ranges, as many as are said. */
function firstOffsets(ranges: readonly OffsetRange[], count: number): OffsetRange[] {
  const first: OffsetRange[] = [];
  let left = count;
  for (const { from, to } of ranges) {
    if (left === 0) break;
    const taken = Math.min(left, to - from);
    first.push({ from, to: from + taken });
    left -= taken;
  }
  return first;
}

test('what is written is read again: all of it where it has room, else as many of the settled offsets as fit from the front', () => {
  fc.assert(
    fc.property(fc.oneof(dense, sparse, single), fc.integer({ min: 0, max: BOUND }), (given, maxBytes) => {
      const { text, omitted } = writeMetadata(given, maxBytes);
      assert.ok(Buffer.byteLength(text) <= maxBytes, 'longer than its bound');
      const all = offsetCount(given.settled);
      if (text === '') {
        assert.equal(omitted, all, 'nothing is written, and not everything counts as left out');
        return;
      }
      const expected = { ...given, settled: firstOffsets(given.settled, all - omitted) };
      assert.deepEqual(readMetadata(text), expected);
    }),
    { numRuns: 500 },
  );
});

test('the default window of class command never overflows: 256 unsettled messages among two million, wherever they are', () => {
  const window = fc.uniqueArray(fc.integer({ min: 0, max: 2_000_000 }), { minLength: 1, maxLength: 256 });
  fc.assert(
    fc.property(window, fc.integer({ min: 0, max: 2 ** 50 }), (unsettled, offset) => {
      const order = unsettled.toSorted((a, b) => a - b);
      const [first = 0] = order;
      const ends = [...order.slice(1), 2_000_001].map((place) => place - first);
      const ranges = order
        .map((place, at) => ({ from: offset + place - first + 1, to: offset + (ends[at] ?? 0) }))
        .filter(({ from, to }) => from < to);
      const { omitted } = writeMetadata({ offset, tag: '@AbC-_012', leaderEpoch: 12, settled: ranges }, BOUND);
      assert.equal(omitted, 0);
    }),
    { numRuns: 200 },
  );
});

test('every second of 20,000 messages is settled: one bit each has room where run lengths have none', () => {
  const ranges = Array.from({ length: 10_000 }, (_, at) => ({ from: 2 * at + 1, to: 2 * at + 2 }));
  const given = { offset: 0, tag: '', leaderEpoch: 0, settled: ranges };
  const { text, omitted } = writeMetadata(given, BOUND);
  assert.equal(omitted, 0);
  assert.deepEqual(readMetadata(text), given);
});

test('the metadata of other programs, of other versions, and what is cut off or damaged is read as none', () => {
  const { text } = writeMetadata(
    { offset: 5, tag: '@AbC-_012', leaderEpoch: 3, settled: [{ from: 300, to: 70_000 }] },
    BOUND,
  );
  assert.ok(readMetadata(text) !== undefined);
  const others = [
    '',
    'consumer-1 on host a',
    '{"offset":5}',
    text.replace('sluice1', 'sluice2'),
    text.replace(' 5 ', ' five '),
    text.replace(' 5 ', ' -5 '),
    text.replace(' 3 ', ' x '),
    text.replace(' 3 r', ' 3 z'),
    `${text} more`,
    `${text}!`,
    // One run length without the other, one that does not end, and a range of no offsets.
    `sluice1 5  3 r${Buffer.from([1]).toString('base64url')}`,
    `sluice1 5  3 r${Buffer.from([1, 0x80]).toString('base64url')}`,
    `sluice1 5  3 r${Buffer.from([1, 0]).toString('base64url')}`,
    'sluice1 5  3 r',
    'sluice1 5  3',
  ];
  for (const other of others) assert.equal(readMetadata(other), undefined, other);
});

test('everything settled has room with as many unsettled records as is said, and below that many bytes with none', () => {
  const run = fc.integer({ min: 1, max: 2 ** 28 - 1 });
  const bounds = fc.constantFrom(0, 70, 100, 200, BOUND);
  fc.assert(
    fc.property(bounds, fc.array(run, { minLength: 1, maxLength: 700 }), (maxBytes, runs) => {
      const gaps = 2 * surelyHolds(maxBytes);
      let at = 2 ** 52;
      const ranges = Array.from({ length: gaps }, (_, place): OffsetRange => {
        const from = at + 127;
        at = from + (runs[place % runs.length] ?? 1);
        return { from, to: at };
      });
      const known = { offset: 2 ** 52, tag: '@AbC-_012@lx3kabcd', leaderEpoch: 2 ** 31 - 1, settled: ranges };
      assert.equal(writeMetadata(known, maxBytes).omitted, 0);
    }),
  );
  assert.deepEqual([surelyHolds(0), surelyHolds(70), surelyHolds(BOUND)], [0, 0, 294]);
});

test('no text makes the reader throw', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.string().map((text) => `sluice1 5 @t 3 r${Buffer.from(text).toString('base64url')}`),
    fc.string().map((text) => `sluice1 5 @t 3 b${Buffer.from(text).toString('base64url')}`),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const read = readMetadata(text);
      let end = read?.offset ?? 0;
      for (const { from, to } of read?.settled ?? []) {
        assert.ok(from >= end && to > from, 'ranges overlap, or are empty');
        end = to;
      }
    }),
  );
});
