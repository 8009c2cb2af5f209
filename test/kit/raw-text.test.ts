import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { levelCodec } from '../../runtime/kit/level-codec.ts';
import { bytesOfText, textOfBytes } from '../../runtime/kit/raw-text.ts';

test('any bytes come back from their text', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      assert.deepEqual(new Uint8Array(bytesOfText(textOfBytes(bytes))), bytes);
    }),
    { numRuns: 2000 },
  );
});

test('what is UTF-8 reads as it is, byte order mark and characters beyond the first plane included', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.equal(textOfBytes(Buffer.from(text)), text);
      assert.deepEqual(bytesOfText(text), Buffer.from(text));
    }),
  );
  for (const text of ['\ufeffa', '\u{1F600}\u00e4', '\0']) assert.equal(textOfBytes(Buffer.from(text)), text);
});

test('readable characters beside bytes that are none stay readable', () => {
  assert.equal(textOfBytes(Buffer.from([0x61, 0xff, 0xc3, 0xa4, 0xc3])), 'a\udcff\u00e4\udcc3');
});

test('surrogates written as UTF-8, overlong forms and cut-off characters are no characters', () => {
  for (const bytes of [[0xed, 0xb2, 0x80], [0xc0, 0x80], [0xf0, 0x9f, 0x98], [0xf8]]) {
    const text = textOfBytes(Uint8Array.from(bytes));
    assert.equal(text.length, bytes.length);
    assert.deepEqual([...bytesOfText(text)], bytes);
  }
});

test('in an address two keys that are no text stay two', () => {
  const { encode } = levelCodec({ escape: '%', refused: /\//, hasEmpty: true });
  const encoded = [[0xff], [0xfe], [0x25, 0x46, 0x46]].map((bytes) => encode(textOfBytes(Uint8Array.from(bytes))));
  assert.deepEqual(encoded, ['%FF', '%FE', '%25FF']);
});
