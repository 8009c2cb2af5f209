import type { BodyRules, Codec, CodecKind } from '#contract/codec.ts';
import { USUAL_RULES } from './body-place.ts';
import { ByteWriter } from './binary/byte-writer.ts';
import { CborReader } from './binary/cbor-reader.ts';
import { type ValueWriter, writeBody } from './binary/write-body.ts';

const [UNSIGNED, NEGATIVE, BYTES, TEXT, LIST, MAP, TAG] = [0, 0x20, 0x40, 0x60, 0x80, 0xa0, 0xc0];
const [FALSE, TRUE, NULL, FLOAT, DOUBLE] = [0xf4, 0xf5, 0xf6, 0xfa, 0xfb];
const MOST_BIGNUM_BYTES = 415;

class CborWriter implements ValueWriter {
  readonly #out: ByteWriter;

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  null(): void {
    this.#out.u8(NULL);
  }

  boolean(value: boolean): void {
    this.#out.u8(value ? TRUE : FALSE);
  }

  number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      if (value >= 0) this.#head(UNSIGNED, value);
      else this.#head(NEGATIVE, -1 - value);
    } else if (Math.fround(value) === value || Number.isNaN(value)) {
      this.#out.u8(FLOAT);
      this.#out.f32(value);
    } else {
      this.#out.u8(DOUBLE);
      this.#out.f64(value);
    }
  }

  bigint(value: bigint): boolean {
    const isNegative = value < 0n;
    const size = isNegative ? -1n - value : value;
    if (size <= BigInt(Number.MAX_SAFE_INTEGER)) this.#head(isNegative ? NEGATIVE : UNSIGNED, Number(size));
    else if (size < 2n ** 64n) {
      this.#out.u8((isNegative ? NEGATIVE : UNSIGNED) + 27);
      this.#out.u64(size);
    } else {
      const digits = size.toString(16);
      const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
      if (bytes.length > MOST_BIGNUM_BYTES) return false;
      this.#out.u8(TAG + (isNegative ? 3 : 2));
      this.bytes(bytes);
    }
    return true;
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.#head(TEXT, length);
    this.#out.utf8(value, length);
  }

  bytes(value: Uint8Array): void {
    this.#head(BYTES, value.length);
    this.#out.raw(value);
  }

  date(value: Date): void {
    this.#out.u8(TAG);
    this.text(value.toISOString());
  }

  list(count: number): void {
    this.#head(LIST, count);
  }

  map(count: number): void {
    this.#head(MAP, count);
  }

  /** In the fewest bytes. `argument`: an integer up to 2^53. */
  #head(major: number, argument: number): void {
    const out = this.#out;
    if (argument < 24) out.u8(major + argument);
    else if (argument < 0x100) {
      out.u8(major + 24);
      out.u8(argument);
    } else if (argument < 0x1_0000) {
      out.u8(major + 25);
      out.u16(argument);
    } else if (argument < 0x1_0000_0000) {
      out.u8(major + 26);
      out.u32(argument);
    } else {
      out.u8(major + 27);
      out.u64(BigInt(argument));
    }
  }
}

function cborUnder(rules: BodyRules): Codec {
  return {
    name: 'cbor',
    contentType: 'application/cbor',
    decode: (bytes) => new CborReader(bytes, rules).whole(),
    encode(body) {
      const out = new ByteWriter();
      writeBody('cbor', body, new CborWriter(out));
      return out.done();
    },
  };
}

/** CBOR, RFC 8949. */
export const cbor: CodecKind = {
  ...cborUnder(USUAL_RULES),
  description: 'CBOR: as `json`, and a `Uint8Array` for bytes.',
  mediaTypes: ['application/cbor', '*+cbor'],
  hasFields: true,
  under: cborUnder,
};
