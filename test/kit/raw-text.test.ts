import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { levelCodec } from '../../runtime/kit/level-codec.ts';
import { bytesOfText, textOfBytes, utf8Of } from '../../runtime/kit/raw-text.ts';

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

/** The same by the decoder alone, character by character. */
function slowly(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = [1, 2, 3, 4].find((each) => at + each <= bytes.length && isText(bytes.subarray(at, at + each)));
    text +=
      length === undefined ? String.fromCharCode(0xdc00 + (bytes[at] ?? 0)) : utf8Of(bytes.subarray(at, at + length));
    at += length ?? 1;
  }
  return text;
}

function isText(bytes: Uint8Array): boolean {
  return utf8Of(bytes) !== undefined;
}

test('what is a character among bytes that are none is what the decoder says, at every edge of UTF-8', () => {
  const edges = [
    0, 0x61, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee,
  ];
  const edge = fc.constantFrom(...edges, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff);
  fc.assert(
    fc.property(fc.array(edge, { maxLength: 12 }), (list) => {
      const bytes = Uint8Array.from(list);
      const text = textOfBytes(bytes);
      assert.equal(text, slowly(bytes));
      assert.deepEqual([...bytesOfText(text)], list);
    }),
    { numRuns: 5000 },
  );
});

test('a text of any units beside an escaped byte is the UTF-8 that it always is', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', '\ud800', '\udfff', '\udc00', '\u{10ffff}'),
      (text, odd) => {
        const plain = `${text}${odd}`.replaceAll(/[\udc80-\udcff]/g, 'x');
        assert.deepEqual(
          bytesOfText(`${plain} \udcff`),
          Buffer.concat([Buffer.from(`${plain} `), Buffer.from([0xff])]),
        );
      },
    ),
  );
});

test('in an address two keys that are no text stay two', () => {
  const { encode } = levelCodec({ escape: '%', refused: /\//, hasEmpty: true });
  const encoded = [[0xff], [0xfe], [0x25, 0x46, 0x46]].map((bytes) => encode(textOfBytes(Uint8Array.from(bytes))));
  assert.deepEqual(encoded, ['%FF', '%FE', '%25FF']);
});
