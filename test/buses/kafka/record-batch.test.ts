import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOT_NOTED } from '#contract/oddity.ts';
import fc from 'fast-check';
import type { Frame, HeaderType } from '#contract/frame.ts';
import { textOfBytes } from '#kit/raw-text.ts';
import { compress, COMPRESSIONS, decompress } from '../../../runtime/buses/kafka/records/compression.ts';
import { AT, CRC_FROM } from '../../../runtime/buses/kafka/records/batch-head.ts';
import { crc32c } from '../../../runtime/buses/kafka/records/crc32c.ts';
import { RecordBatch } from '../../../runtime/buses/kafka/records/record-batch.ts';
import { openBatch, splitBatches, type StoredBatch } from '../../../runtime/buses/kafka/records/stored-batch.ts';
import { frameForTest } from './ends.ts';

const NOW_MS = 1_700_000_000_000;

const rawKey = fc.option(fc.uint8Array({ maxLength: 80 }), { nil: undefined });

const headers = fc.array(
  fc.record({
    name: fc
      .string({ unit: 'binary' })
      .filter((name) => name.isWellFormed() && !/^(msgid|content-type|expirytime)$/.test(name)),
    value: fc.oneof(
      fc.string({ unit: 'binary' }).filter((value) => value.isWellFormed()),
      fc.constant(null),
      // Never UTF-8.
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.concat([Buffer.from([0xff]), bytes])),
    ),
  }),
  { maxLength: 6 },
);

interface Made {
  readonly frame: Frame;
  readonly key: Uint8Array | undefined;
}

const made: fc.Arbitrary<Made> = fc
  .record({
    key: rawKey,
    body: fc.option(fc.uint8Array({ maxLength: 3000 }), { nil: null }),
    headers,
    id: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
    contentType: fc.option(fc.string(), { nil: undefined }),
    timestampMs: fc.option(fc.integer({ min: 0, max: 8_000_000_000_000 }), { nil: undefined }),
    expiresAtMs: fc.option(fc.integer({ min: 100_000_000_000, max: 8_000_000_000_000 }), { nil: undefined }),
  })
  .map(({ key, headers: pairs, ...rest }) => {
    const values = new Map<string, string[]>();
    const types = new Map<string, HeaderType[]>();
    for (const { name, value } of pairs) {
      const [text, type]: [string, HeaderType] =
        value === null
          ? ['', 'null']
          : typeof value === 'string'
            ? [value, 'text']
            : [value.toString('base64'), 'bytes'];
      values.set(name, [...(values.get(name) ?? []), text]);
      types.set(name, [...(types.get(name) ?? []), type]);
    }
    const typed = [...types].filter(([, each]) => each.some((type) => type !== 'text'));
    const frame = frameForTest('t', '', {
      ...rest,
      key: key === undefined ? undefined : textOfBytes(key),
      headers: values,
      headerTypes: typed.length === 0 ? undefined : new Map(typed),
    });
    return { frame, key };
  });

function batchOf(frames: readonly Made[], compression: (typeof COMPRESSIONS)[keyof typeof COMPRESSIONS]): Buffer {
  const batch = new RecordBatch();
  for (const { frame, key } of frames) batch.add(frame, key, NOW_MS, RecordBatch.bound(frame, key));
  return batch.finish(compression);
}

function readAll(bytes: Buffer): Frame[] {
  return splitBatches(bytes, []).flatMap((batch) => {
    const cursor = openBatch(batch, NOT_NOTED);
    return Array.from({ length: batch.count }, (_, index) => {
      const frame = cursor.next('t');
      assert.equal(cursor.offsetDelta, index);
      return frame;
    });
  });
}

function comparable({ body, ...frame }: Frame): unknown {
  return {
    stampedBy: undefined,
    ...frame,
    timestampMs: frame.timestampMs ?? NOW_MS,
    body: body === null ? null : [...body],
  };
}

for (const [name, compression] of Object.entries(COMPRESSIONS)) {
  test(`${name}: whatever a batch holds, it is read as it was written`, () => {
    fc.assert(
      fc.property(fc.array(made, { minLength: 1, maxLength: 12 }), (frames) => {
        const read = readAll(batchOf(frames, compression));
        assert.deepEqual(
          read.map(comparable),
          frames.map(({ frame }) => comparable(frame)),
        );
      }),
      { numRuns: 100 },
    );
  });
}

const SAMPLE = Array.from({ length: 50 }, (_, at) => ({
  frame: frameForTest('t', `body ${at} `.repeat(20), { id: `id-${at}`, headers: new Map([['h', ['v']]]) }),
  key: undefined,
}));

test("a record's own time outside of 1970 to 9999 is left out and counted, and -1 is none without a word", () => {
  const times = [-1n, -2n, 1_764_100_000_000n, 1_764_100_000_000_000n, 2n ** 63n - 1n, -(2n ** 63n)];
  const read = times.map((time) => {
    const bytes = batchOf(SAMPLE.slice(0, 1), COMPRESSIONS.none);
    bytes.writeBigInt64BE(time, AT.firstTimestamp);
    bytes.writeUInt32BE(crc32c(bytes, CRC_FROM, bytes.length), AT.crc);
    const noted: string[] = [];
    const [batch] = splitBatches(bytes, []);
    const { timestampMs } = openBatch(batch ?? assert.fail(), (oddity) => noted.push(oddity)).next('t');
    return [timestampMs, ...noted];
  });
  const none = [undefined, 'TIMESTAMP_IGNORED'];
  assert.deepEqual(read, [[undefined], none, [1_764_100_000_000], none, none, none]);
});

test('an expiry header that is no time stays a header, and is counted', () => {
  const frame = frameForTest('t', '', { headers: new Map([['expirytime', ['0', '2030-01-01T00:00:00Z']]]) });
  const noted: string[] = [];
  const [batch] = splitBatches(batchOf([{ frame, key: undefined }], COMPRESSIONS.none), []);
  const read = openBatch(batch ?? assert.fail(), (oddity) => noted.push(oddity)).next('t');
  assert.deepEqual(noted, ['EXPIRY_IGNORED']);
  assert.deepEqual([...read.headers], [['expirytime', ['0']]]);
  assert.equal(read.expiresAtMs, Date.UTC(2030, 0));
});

test('a batch of which one bit is another is refused by its checksum', () => {
  for (const compression of Object.values(COMPRESSIONS)) {
    const bytes = batchOf(SAMPLE, compression);
    for (let at = 21; at < bytes.length; at += 37) {
      const bent = Buffer.from(bytes);
      bent[at] = (bent[at] ?? 0) ^ 0x10;
      assert.throws(() => readAll(bent), RangeError, `byte ${at}`);
    }
  }
});

test('what is cut off at the end of a fetch is left for the next one', () => {
  const whole = batchOf(SAMPLE, 0);
  for (const cut of [1, 20, 62, whole.length - 1]) {
    assert.equal(splitBatches(Buffer.concat([whole, whole.subarray(0, cut)]), []).length, 1);
  }
  assert.equal(splitBatches(Buffer.concat([whole, whole]), []).length, 2);
  assert.throws(() => splitBatches(Buffer.concat([whole.subarray(0, 16), Buffer.alloc(100)]), []), RangeError);
});

test('a snappy literal whose length leads back to its own beginning is an error, framed as Java does and bare', () => {
  // Five bytes back from its end: to its own tag.
  const endless = Buffer.from([5, 0xfc, 0xfa, 0xff, 0xff, 0xff]);
  const head = compress(COMPRESSIONS.snappy, Buffer.alloc(0)).slice(0, 16);
  const framed = Buffer.concat([head, Buffer.from([0, 0, 0, endless.length]), endless]);
  for (const bytes of [endless, framed]) assert.throws(() => decompress(COMPRESSIONS.snappy, bytes), RangeError);
});

test('garbage in a batch is an error, never a hang or another kind of crash', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 400 }),
      fc.constantFrom(0, 1, 2, 3, 4, 5),
      (garbage, compression) => {
        const bytes = Buffer.concat([batchOf(SAMPLE, 0).subarray(0, 61), garbage]);
        bytes.writeInt32BE(bytes.length - 12, 8);
        bytes.writeInt16BE(compression, 21);
        const [batch] = splitBatches(bytes, []);
        assert.ok(batch);
        try {
          openUnchecked(batch);
        } catch (thrown) {
          assert.ok(thrown instanceof Error);
        }
      },
    ),
    { numRuns: 500 },
  );
});

/** As if the checksum were right. */
function openUnchecked(batch: StoredBatch): void {
  const { bytes } = batch;
  for (let guess = 0; guess < 2; guess += 1) {
    try {
      const cursor = openBatch(batch, NOT_NOTED);
      for (let left = batch.count; left > 0; left -= 1) cursor.next('t');
      return;
    } catch (thrown) {
      if (guess > 0 || !String(thrown).includes('checksum')) throw thrown;
      bytes.writeUInt32BE(crcOf(bytes), 17);
    }
  }
}

function crcOf(bytes: Buffer): number {
  // Bit by bit, as it is defined: nothing of the driver's own.
  let crc = -1;
  for (const byte of bytes.subarray(21)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

test('the checksum is CRC-32C as it is defined', () => {
  for (const count of [1, 2, 3, 7, 20]) {
    const bytes = batchOf(SAMPLE.slice(0, count), 0);
    assert.equal(bytes.readUInt32BE(17), crcOf(bytes));
  }
});

test('of an aborted transaction nothing is shown, and of its neighbours everything', () => {
  const batch = (producerId: bigint, offset: bigint, attributes: number): Buffer => {
    const bytes = batchOf(SAMPLE.slice(0, 2), 0);
    bytes.writeBigInt64BE(offset, 0);
    bytes.writeInt16BE(attributes, 21);
    bytes.writeBigInt64BE(producerId, 43);
    return bytes;
  };
  const marker = (producerId: bigint, offset: bigint, kind: number): Buffer => {
    const key = Buffer.from([0, 0, 0, kind]);
    const control = new RecordBatch();
    const frame = frameForTest('t', '');
    control.add(frame, key, NOW_MS, RecordBatch.bound(frame, key));
    const bytes = control.finish(0);
    bytes.writeBigInt64BE(offset, 0);
    bytes.writeInt16BE(0x30, 21);
    bytes.writeBigInt64BE(producerId, 43);
    return bytes;
  };
  const log = Buffer.concat([
    batch(1n, 0n, 0x10), // aborted
    batch(2n, 2n, 0x10), // committed
    batch(-1n, 4n, 0), // no transaction
    marker(1n, 6n, 0),
    batch(1n, 7n, 0x10), // the same producer's next, committed
    marker(2n, 9n, 1),
    marker(1n, 10n, 1),
  ]);
  const batches = splitBatches(log, [{ producerId: 1n, firstOffset: 0 }]);
  assert.deepEqual(
    batches.map(({ baseOffset, isHidden }) => [baseOffset, isHidden]),
    [
      [0, true],
      [2, false],
      [4, false],
      [6, true],
      [7, false],
      [9, true],
      [10, true],
    ],
  );
  assert.deepEqual(
    batches.map(({ nextOffset }) => nextOffset),
    [2, 4, 6, 7, 9, 10, 11],
  );
});
