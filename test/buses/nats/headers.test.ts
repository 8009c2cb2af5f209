import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NOT_NOTED } from '#contract/oddity.ts';
import { type Carried, parseHeaders } from '../../../runtime/buses/nats/read-headers.ts';
import { headerLines, ownLines, sharedLineEncoder } from '../../../runtime/buses/nats/write-headers.ts';
import { frameForTest } from './ends.ts';

const parsed = (block: string): Carried => parseHeaders(block, NOT_NOTED);
const written = (rest: Parameters<typeof frameForTest>[2]): string =>
  `NATS/1.0\r\n${headerLines(frameForTest('a', '', rest))}\r\n`;

test('a frame that carries nothing has no header lines', () => assert.equal(headerLines(frameForTest('a', 'x')), ''));

test('frames in a row that share their headers are written as each by itself', () => {
  const [none, some] = [new Map<string, string[]>(), new Map([['hops', ['1']]])];
  const frame = fc.record({
    headers: fc.constantFrom(none, some),
    id: fc.constantFrom(undefined, 'a', 'b'),
    contentType: fc.constantFrom(undefined, 'text/plain', 'application/json'),
    expiresAtMs: fc.constantFrom(undefined, 1000, 2000),
  });
  fc.assert(
    fc.property(fc.array(frame), (frames) => {
      const shared = sharedLineEncoder();
      for (const rest of frames) {
        const made = frameForTest('a', 'x', rest);
        const lines = shared(made);
        if (lines === undefined) continue;
        const sorted = (text: string): string[] => text.split('\r\n').toSorted();
        assert.deepEqual(sorted(ownLines(made) + Buffer.from(lines).toString()), sorted(headerLines(made)));
      }
    }),
  );
});

test('id, content type, expiry and headers come back as they were sent, repeated values in order', () => {
  const frame = {
    id: 'fleet/positions/7',
    contentType: 'application/json',
    expiresAtMs: Date.UTC(2030, 0, 2, 3, 4, 5, 678),
    headers: new Map([
      ['seclabel', ['S;REL=FVEY']],
      ['X-Twice', ['1', '2']],
      ['Ümläut'.slice(1, 2), ['ä ö']],
    ]),
  };
  assert.deepEqual(parsed(written(frame)), { ...frame, headerTypes: undefined, ttlMs: undefined });
  assert.match(written(frame), /\r\nexpirytime: 2030-01-02T03:04:05\.678Z\r\n/);
});

test('what can be written is read back the same', () => {
  const name = fc
    .stringMatching(/^[a-z][!-9;-~]{0,12}$/)
    .filter((text) => !/^(nats-|content-type$|msgid$|expirytime$)/i.test(text));
  const value = fc
    .string({ unit: 'grapheme' })
    .filter((text) => text.isWellFormed() && !/[\r\n\0]/.test(text))
    .map((text) => text.trim());
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(name, fc.array(value, { minLength: 1, maxLength: 3 })), {
        selector: ([key]) => key.toLowerCase(),
      }),
      (entries) => {
        const headers = new Map(entries.map(([key, values]) => [key, values] as const));
        const read = parsed(written({ headers }));
        for (const [key, values] of headers) {
          const found = [...read.headers].find(([other]) => other.toLowerCase() === key.toLowerCase());
          assert.deepEqual(found?.[1], values);
        }
      },
    ),
  );
});

/** A text that counts over how many characters somebody looks for others in it. */
class CountedText extends String {
  looked = 0;
  override indexOf(wanted: string, from = 0): number {
    const found = super.indexOf(wanted, from);
    this.looked += (found === -1 ? this.length : found) - from;
    return found;
  }
}

test('a block is looked through twice, for colons and for ends of lines, however many lines have no colon', () => {
  for (const line of ['a\r\n', 'a: b\r\n', ':\r\n', '\r', 'a:b\r\nc\r\n']) {
    const block = new CountedText(`NATS/1.0\r\n${line.repeat(10_000)}\r\n`);
    parsed(block as unknown as string);
    assert.ok(block.looked <= 2 * block.length, `${JSON.stringify(line)}: ${block.looked} of ${block.length}`);
  }
});

test('a line without a colon is none, and those around it are read', () => {
  assert.deepEqual(
    [...parsed('NATS/1.0\r\na\r\nb: 1:2\r\nc\r\n: d\r\ne:f\r\n\r\n').headers],
    [
      ['b', ['1:2']],
      ['e', ['f']],
    ],
  );
});

test('orders to the server are not read as headers, under any spelling', () => {
  const orders = ['Nats-Msg-Id', 'nats-rollup', 'NATS-Expected-Stream', 'Nats-TTL', 'Nats-Schedule'];
  const block = `NATS/1.0\r\n${orders.map((name) => `${name}: x\r\n`).join('')}mine: y\r\n\r\n`;
  assert.deepEqual([...parsed(block).headers], [['mine', ['y']]]);
});

test('reserved names are read in lower case however they were spelled, and their values kept together', () => {
  const { headers, id, contentType } = parsed(
    'NATS/1.0\r\nSecLabel: S\r\nTRACEPARENT: 00-a\r\nseclabel: T\r\nMsgId: 7\r\nContent-Type: text/plain\r\n\r\n',
  );
  assert.deepEqual(
    [...headers],
    [
      ['seclabel', ['S', 'T']],
      ['traceparent', ['00-a']],
    ],
  );
  assert.deepEqual({ id, contentType }, { id: '7', contentType: 'text/plain' });
});

test("the id of a publisher that knows only JetStream's own is taken, and msgid goes before it", () => {
  assert.equal(parsed('NATS/1.0\r\nNats-Msg-Id: 8\r\n\r\n').id, '8');
  assert.equal(parsed('NATS/1.0\r\nNats-Msg-Id: 8\r\nmsgid: 7\r\n\r\n').id, '7');
});

test('an expiry that is no RFC 3339 moment is carried on as it is', () => {
  const { headers, expiresAtMs } = parsed('NATS/1.0\r\nexpirytime: 1\r\n\r\n');
  assert.equal(expiresAtMs, undefined);
  assert.deepEqual([...headers], [['expirytime', ['1']]]);
});

test("a stream's own time to live is read in seconds or as Go writes durations, and nothing else is", () => {
  const ttl = (text: string): number | undefined => parsed(`NATS/1.0\r\nNats-TTL: ${text}\r\n\r\n`).ttlMs;
  assert.deepEqual(['30', '30s', '1m30s', '1.5h', '250ms', '0', 'never', 'soon', '1m x', '1d', ''].map(ttl), [
    30_000,
    30_000,
    90_000,
    5_400_000,
    250,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('a block of rubbish is read without an error', () => {
  fc.assert(fc.property(fc.string(), (text) => void parsed(`NATS/1.0${text}\r\n\r\n`)));
  fc.assert(fc.property(fc.string(), (text) => void parsed(text)));
});
