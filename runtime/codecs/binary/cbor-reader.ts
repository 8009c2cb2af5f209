import type { BodyRules } from '#contract/codec.ts';
import { BinaryReader } from './binary-reader.ts';

/** Tags that describe the value beneath them, which is read as it is: times, encodings, kinds of text, identifiers, "this is CBOR". */
const DESCRIBING = new Set([0, 1, 21, 22, 23, 24, 32, 33, 34, 35, 36, 37, 100, 1004, 55_799]);
const POSITIVE_BIGNUM = 2;
const NEGATIVE_BIGNUM = 3;
/** Longest bignum: about 1000 digits, as json has it. */
const MOST_BIGNUM_BYTES = 415;
const SELF_DESCRIBED = 55_799;
const SELF_DESCRIBED_BYTES = 3;
const BREAK = 0xff;
const INDEFINITE = 31;

/** RFC 8949. */
export class CborReader extends BinaryReader {
  constructor(bytes: Uint8Array, rules: BodyRules) {
    super('cbor', bytes, rules);
  }

  protected value(): unknown {
    const initial = this.byte();
    const info = initial & 31;
    switch (initial >> 5) {
      case 0:
        return this.integer(this.#argument(info));
      case 1: {
        const argument = this.#argument(info);
        return this.integer(typeof argument === 'bigint' ? -1n - argument : -1 - argument);
      }
      case 2:
        return info === INDEFINITE ? this.#chunks(2) : this.copy(this.#length(info));
      case 3:
        return this.#text(info);
      case 4:
        return this.list(info === INDEFINITE ? undefined : this.#length(info));
      case 5:
        return this.map(info === INDEFINITE ? undefined : this.#length(info));
      case 6:
        return this.#tagged(this.#argument(info));
      default:
        return this.#simple(initial, info);
    }
  }

  protected key(): string | undefined {
    const initial = this.byte();
    return initial >> 5 === 3 ? this.#text(initial & 31) : undefined;
  }

  protected override isEnd(): boolean {
    this.need(1);
    if (this.bytes[this.at] !== BREAK) return false;
    this.at += 1;
    return true;
  }

  /** A number up to 2^53, a bigint from there on. */
  #argument(info: number): number | bigint {
    if (info < 24) return info;
    const { view } = this;
    const at = this.at;
    const size = info === 24 ? 1 : info === 25 ? 2 : info === 26 ? 4 : info === 27 ? 8 : 0;
    if (size === 0) throw this.fault('a length that CBOR does not have');
    this.need(size);
    this.at += size;
    if (size === 1) return view.getUint8(at);
    if (size === 2) return view.getUint16(at);
    if (size === 4) return view.getUint32(at);
    const high = view.getUint32(at);
    return high < 0x20_0000 ? high * 0x1_0000_0000 + view.getUint32(at + 4) : view.getBigUint64(at);
  }

  #length(info: number): number {
    const length = this.#argument(info);
    // No body is so long: the bytes end before.
    return typeof length === 'bigint' ? Number.MAX_SAFE_INTEGER : length;
  }

  #text(info: number): string {
    if (info !== INDEFINITE) return this.text(this.#length(info));
    let text = '';
    while (!this.isEnd()) text += this.text(this.#chunk(3));
    return text;
  }

  #chunks(major: number): Uint8Array {
    const chunks: Uint8Array[] = [];
    while (!this.isEnd()) chunks.push(this.copy(this.#chunk(major)));
    return new Uint8Array(Buffer.concat(chunks));
  }

  /** The length of a part of a text or of bytes. */
  #chunk(major: number): number {
    const initial = this.byte();
    if (initial >> 5 !== major || (initial & 31) === INDEFINITE) throw this.fault('a part of another type');
    return this.#length(initial & 31);
  }

  #tagged(tag: number | bigint): unknown {
    if (tag === POSITIVE_BIGNUM || tag === NEGATIVE_BIGNUM) return this.#bignum(tag === NEGATIVE_BIGNUM);
    if (typeof tag === 'bigint' || !DESCRIBING.has(tag)) throw this.fault(`a value of tag ${tag}`);
    // Not within one another: their number would have no bound. But "this is CBOR" stands before the tag of a whole body.
    const isBody = tag === SELF_DESCRIBED && this.at === SELF_DESCRIBED_BYTES;
    if ((this.bytes[this.at] ?? 0) >> 5 === 6 && !isBody) throw this.fault('a tag within a tag');
    return this.value();
  }

  #bignum(isNegative: boolean): number | bigint {
    const initial = this.byte();
    const length = initial >> 5 === 2 && (initial & 31) !== INDEFINITE ? this.#length(initial & 31) : undefined;
    if (length === undefined) throw this.fault('a bignum that is not of bytes');
    if (length > MOST_BIGNUM_BYTES) throw this.fault(`a bignum of more than ${MOST_BIGNUM_BYTES} bytes`);
    this.need(length);
    const digits = this.bytes.toString('hex', this.at, this.at + length);
    this.at += length;
    const value = BigInt(`0x0${digits}`);
    return this.integer(isNegative ? -1n - value : value);
  }

  #simple(initial: number, info: number): unknown {
    switch (info) {
      case 20:
        return false;
      case 21:
        return true;
      case 22:
        return null;
      case 25:
        this.need(2);
        this.at += 2;
        return half(this.view.getUint16(this.at - 2));
      case 26:
        this.need(4);
        this.at += 4;
        return this.view.getFloat32(this.at - 4);
      case 27:
        this.need(8);
        this.at += 8;
        return this.view.getFloat64(this.at - 8);
      default:
        if (initial === BREAK) throw this.fault('an end mark where none belongs');
        throw this.fault(info === 23 ? 'undefined' : 'a simple value that has no meaning here');
    }
  }
}

/** IEEE 754 binary16. */
function half(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
        ? fraction === 0
          ? Infinity
          : NaN
        : (1024 + fraction) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -size : size;
}
