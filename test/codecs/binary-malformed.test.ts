import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cbor } from '../../runtime/codecs/cbor.ts';
import { msgpack } from '../../runtime/codecs/msgpack.ts';
import { hex, refusal, under } from './refusal.ts';

/** Of appendix A of RFC 8949: those that have a body. */
const CBOR_EXAMPLES: readonly (readonly [string, unknown])[] = [
  ['00', 0],
  ['17', 23],
  ['1818', 24],
  ['1903e8', 1000],
  ['1a000f4240', 1_000_000],
  ['1b000000e8d4a51000', 1_000_000_000_000],
  ['1bffffffffffffffff', 18_446_744_073_709_551_615n],
  ['c249010000000000000000', 18_446_744_073_709_551_616n],
  ['3bffffffffffffffff', -18_446_744_073_709_551_616n],
  ['c349010000000000000000', -18_446_744_073_709_551_617n],
  ['20', -1],
  ['3903e7', -1000],
  ['f90000', 0],
  ['f98000', -0],
  ['f93c00', 1],
  ['fb3ff199999999999a', 1.1],
  ['f97bff', 65_504],
  ['fa47c35000', 100_000],
  ['f90001', 5.960464477539063e-8],
  ['f90400', 0.00006103515625],
  ['f9c400', -4],
  ['f97c00', Infinity],
  ['f97e00', NaN],
  ['f9fc00', -Infinity],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['c074323031332d30332d32315432303a30343a30305a', '2013-03-21T20:04:00Z'],
  ['c11a514b67b0', 1_363_896_240],
  ['c1fb41d452d9ec200000', 1_363_896_240.5],
  ['d74401020304', new Uint8Array([1, 2, 3, 4])],
  ['d818456449455446', new Uint8Array([0x64, 0x49, 0x45, 0x54, 0x46])],
  ['d82076687474703a2f2f7777772e6578616d706c652e636f6d', 'http://www.example.com'],
  ['40', new Uint8Array()],
  ['62225c', '"\\'],
  ['62c3bc', '\u00fc'],
  ['64f0908591', '\ud800\udd51'],
  ['8301820203820405', [1, [2, 3], [4, 5]]],
  ['a0', {}],
  ['a26161016162820203', { a: 1, b: [2, 3] }],
  ['5f42010243030405ff', new Uint8Array([1, 2, 3, 4, 5])],
  ['7f657374726561646d696e67ff', 'streaming'],
  ['9fff', []],
  ['9f018202039f0405ffff', [1, [2, 3], [4, 5]]],
  ['bf61610161629f0203ffff', { a: 1, b: [2, 3] }],
  ['826161bf61626163ff', ['a', { b: 'c' }]],
];

test('cbor: the examples of RFC 8949 are read as it says', () => {
  for (const [written, expected] of CBOR_EXAMPLES) {
    assert.deepEqual(under(cbor, 'keep').decode(hex(written)), expected, written);
  }
});

test('cbor: what a function cannot use, and what is malformed, is refused with its kind', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['', /an end too early, after 0 bytes at \/$/],
    ['1900', /an end too early/],
    ['0000', /1 bytes behind the end of the body/],
    ['f7', /found undefined at/],
    ['d9d9f7 d9d9f7 d9d9f7 01', /a tag within a tag/],
    ['81 d9d9f7 c1 01', /a tag within a tag at \/0$/],
    ['f0', /a simple value that has no meaning/],
    ['f8ff', /a simple value/],
    ['a10102', /a key that is no text, of the member at \/0$/],
    ['a1616181a1f502', /a key that is no text, of the member at \/a\/0\/0$/],
    ['a2 616101 616102', /a duplicate key at \/a$/],
    ['62c328', /a text that is not UTF-8/],
    ['7f61c361a8ff', /a text that is not UTF-8/],
    ['c482201904d2', /a value of tag 4 at/],
    ['d9010201', /a value of tag 258/],
    ['c0c1c0c160', /a tag within a tag/],
    ['1c', /a length that CBOR does not have/],
    ['ff', /an end mark where none belongs/],
    ['81ff', /an end mark/],
    ['9f01', /an end too early/],
    ['bf6161ff', /an end mark/],
    ['5f6161ff', /a part of another type/],
    ['9affffffff', /an end too early/],
    ['9bffffffffffffffff', /an end too early/],
    ['bb7fffffffffffffff', /an end too early/],
    ['5b7fffffffffffffff', /an end too early/],
    [`c2590200${'ff'.repeat(512)}`, /a bignum of more than 415 bytes/],
  ];
  for (const [written, found] of refused) {
    const { code, message } = refusal(() => cbor.decode(hex(written)));
    assert.equal(code, 'DECODE_FAILED', written);
    assert.match(message, found, written);
  }
});

test('msgpack: what a function cannot use, and what is malformed, is refused with its kind', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['', /an end too early/],
    ['c1', /a byte that begins no value/],
    ['0000', /1 bytes behind the end/],
    ['8101c0', /a key that is no text, of the member at \/0$/],
    ['81c4016101', /a key that is no text/],
    ['82a16101a16102', /a duplicate key at \/a$/],
    ['a2c328', /a text that is not UTF-8/],
    ['ddffffffff', /an end too early/],
    ['dfffffffff', /an end too early/],
    ['c6ffffffff00', /an end too early/],
    ['d40100', /an extension of type 1 at/],
    ['d8ff' + '00'.repeat(16), /a timestamp of 16 bytes/],
    ['c70cff3b9aca000000000000000000', /a timestamp outside/],
    ['c70cff000000007fffffffffffffff', /a timestamp outside/],
  ];
  for (const [written, found] of refused) {
    const { code, message } = refusal(() => msgpack.decode(hex(written)));
    assert.equal(code, 'DECODE_FAILED', written);
    assert.match(message, found, written);
  }
});
