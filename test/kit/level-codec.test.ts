import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { levelCodec } from '../../runtime/kit/level-codec.ts';
import { textOfBytes } from '../../runtime/kit/raw-text.ts';
import { awkwardText } from '../conformance/awkward-text.ts';

const CODECS = {
  mqtt: levelCodec({ escape: '%', refused: /[/+#]/, refusedFirst: '$', hasEmpty: true }),
  nats: levelCodec({ escape: '%', refused: /[\s.*>]/, refusedFirst: '$', hasEmpty: false }),
  kafka: levelCodec({ escape: '_', refused: /[^A-Za-z0-9_-]/, hasEmpty: false }),
} as const;
/** Of what may look escaped. */
const escapes = fc
  .array(fc.constantFrom('%', '_', '25', '5F', '2E', '2F', '24', '00', 'FF', 'C3', 'A4', '2e', 'a', '.', '/', '$'), {
    maxLength: 10,
  })
  .map((pieces) => pieces.join(''));
const raw = fc.uint8Array({ maxLength: 12 }).map(textOfBytes);
// A half of a pair is no text and no byte: nothing can write it.
const value = fc
  .oneof(escapes, raw, awkwardText)
  .filter((text) => text.replaceAll(/[\udc80-\udcff]/gu, '').isWellFormed());

for (const [name, { encode, decode }] of Object.entries(CODECS)) {
  test(`${name}: whatever a value holds, the level that is made of it is decoded to it`, () => {
    fc.assert(
      fc.property(value, (text) => assert.equal(decode(encode(text)), text)),
      { numRuns: 1000 },
    );
  });

  test(`${name}: whatever a level holds, what is decoded of it makes the same level`, () => {
    const level = value.filter((text) => text === encode(text) || decode(text) !== text);
    fc.assert(
      fc.property(level, (text) => assert.equal(encode(decode(text)), text)),
      { numRuns: 1000 },
    );
  });
}

test('a level that a bridge made is decoded, and one that merely looks so is left alone', () => {
  const { encode, decode } = CODECS.nats;
  assert.equal(encode('car.5-x'), 'car%2E5-x');
  assert.equal(decode('car%2E5-x'), 'car.5-x');
  for (const same of ['100%', '%', 'a%20b%', 'a%2eb', 'a%41', '%zz', 'my%2Fpath']) {
    if (same !== '%') assert.equal(decode(same), same);
    assert.equal(decode(encode(same)), same);
  }
  assert.deepEqual([encode(''), encode('%'), decode('%'), decode('%25')], ['%', '%25', '', '%']);
  assert.equal(encode('car%2E5'), 'car%252E5', 'a value that looks escaped is escaped once more');
  assert.equal(encode('100%'), '100%');
  assert.equal(CODECS.kafka.encode('my_topic'), 'my_topic');
});

test('hostile levels take time in proportion to their length', () => {
  const { encode, decode } = CODECS.mqtt;
  for (const text of ['%' + '25'.repeat(500_000) + '2F', '%2F'.repeat(300_000), '%25'.repeat(300_000)]) {
    assert.equal(decode(encode(text)), text);
  }
});
