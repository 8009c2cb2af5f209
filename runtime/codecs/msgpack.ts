import type { BodyRules, Codec, CodecKind } from '#contract/codec.ts';
import { USUAL_RULES } from './body-place.ts';
import { ByteWriter } from './binary/byte-writer.ts';
import { MsgpackReader } from './binary/msgpack-reader.ts';
import { type ValueWriter, writeBody } from './binary/write-body.ts';

const MS_PER_SECOND = 1000;
const NS_PER_MS = 1_000_000;

class MsgpackWriter implements ValueWriter {
  readonly #out: ByteWriter;

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  null(): void {
    this.#out.u8(0xc0);
  }

  boolean(value: boolean): void {
    this.#out.u8(value ? 0xc3 : 0xc2);
  }

  number(value: number): void {
    const out = this.#out;
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      const isFloat = Math.fround(value) === value || Number.isNaN(value);
      out.u8(isFloat ? 0xca : 0xcb);
      if (isFloat) out.f32(value);
      else out.f64(value);
    } else if (value >= 0) this.#unsigned(value);
    else if (value >= -32) out.u8(value + 0x100);
    else if (value >= -0x80) {
      out.u8(0xd0);
      out.u8(value + 0x100);
    } else if (value >= -0x8000) {
      out.u8(0xd1);
      out.u16(value + 0x1_0000);
    } else if (value >= -0x8000_0000) {
      out.u8(0xd2);
      out.u32(value + 0x1_0000_0000);
    } else {
      out.u8(0xd3);
      out.u64(BigInt(value));
    }
  }

  bigint(value: bigint): boolean {
    if (value >= 2n ** 64n || value < -(2n ** 63n)) return false;
    const near = Number(value);
    if (Number.isSafeInteger(near)) this.number(near);
    else {
      this.#out.u8(value < 0n ? 0xd3 : 0xcf);
      this.#out.u64(value);
    }
    return true;
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    if (length < 32) this.#out.u8(0xa0 + length);
    else this.#sized(0xd9, length);
    this.#out.utf8(value, length);
  }

  bytes(value: Uint8Array): void {
    this.#sized(0xc4, value.length);
    this.#out.raw(value);
  }

  date(value: Date): void {
    const ms = value.getTime();
    const seconds = Math.floor(ms / MS_PER_SECOND);
    this.#out.u8(0xc7);
    this.#out.u8(12);
    this.#out.u8(0xff);
    this.#out.u32((ms - seconds * MS_PER_SECOND) * NS_PER_MS);
    this.#out.u64(BigInt(seconds));
  }

  list(count: number): void {
    if (count < 16) this.#out.u8(0x90 + count);
    else this.#counted(0xdc, count);
  }

  map(count: number): void {
    if (count < 16) this.#out.u8(0x80 + count);
    else this.#counted(0xde, count);
  }

  #unsigned(value: number): void {
    const out = this.#out;
    if (value < 0x80) out.u8(value);
    else if (value < 0x1_0000_0000) this.#sized(0xcc, value);
    else {
      out.u8(0xcf);
      out.u64(BigInt(value));
    }
  }

  /** A number of up to 32 bits in the fewest bytes. `head`: of the one of a single byte. */
  #sized(head: number, value: number): void {
    const out = this.#out;
    if (value < 0x100) {
      out.u8(head);
      out.u8(value);
    } else this.#counted(head + 1, value);
  }

  #counted(head: number, value: number): void {
    const out = this.#out;
    const isShort = value < 0x1_0000;
    out.u8(isShort ? head : head + 1);
    if (isShort) out.u16(value);
    else out.u32(value);
  }
}

function msgpackUnder(rules: BodyRules): Codec {
  return {
    name: 'msgpack',
    contentType: 'application/vnd.msgpack',
    decode: (bytes) => new MsgpackReader(bytes, rules).whole(),
    encode(body) {
      const out = new ByteWriter();
      writeBody('msgpack', body, new MsgpackWriter(out));
      return out.done();
    },
  };
}

/** MessagePack. */
export const msgpack: CodecKind = {
  ...msgpackUnder(USUAL_RULES),
  description: 'MessagePack: as `json`, and a `Uint8Array` for bytes.',
  mediaTypes: ['application/msgpack', 'application/vnd.msgpack', 'application/x-msgpack', '*+msgpack'],
  hasFields: true,
  under: msgpackUnder,
};
