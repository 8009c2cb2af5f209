import type { BodyRules } from '#contract/codec.ts';
import { BinaryReader } from './binary-reader.ts';

/** The extension of a time. */
const TIMESTAMP = -1;
const NANOSECONDS = 1_000_000_000;
/** RFC 3339 has four digits for a year. */
const [YEAR_0, YEAR_10000] = [-62_167_219_200, 253_402_300_800];

/** https://github.com/msgpack/msgpack/blob/master/spec.md */
export class MsgpackReader extends BinaryReader {
  constructor(bytes: Uint8Array, rules: BodyRules) {
    super('msgpack', bytes, rules);
  }

  protected value(): unknown {
    const head = this.byte();
    if (head < 0x80) return this.integer(head);
    if (head < 0x90) return this.map(head & 15);
    if (head < 0xa0) return this.list(head & 15);
    if (head < 0xc0) return this.text(head & 31);
    if (head >= 0xe0) return this.integer(head - 0x100);
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.copy(this.#unsigned(1 << (head - 0xc4)));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#extension(this.#unsigned(1 << (head - 0xc7)));
      case 0xca:
        this.need(4);
        this.at += 4;
        return this.view.getFloat32(this.at - 4);
      case 0xcb:
        this.need(8);
        this.at += 8;
        return this.view.getFloat64(this.at - 8);
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.integer(this.#unsigned(1 << (head - 0xcc)));
      case 0xcf:
        this.need(8);
        this.at += 8;
        return this.integer(this.view.getBigUint64(this.at - 8));
      case 0xd0:
        return this.integer((this.byte() << 24) >> 24);
      case 0xd1:
        this.need(2);
        this.at += 2;
        return this.integer(this.view.getInt16(this.at - 2));
      case 0xd2:
        this.need(4);
        this.at += 4;
        return this.integer(this.view.getInt32(this.at - 4));
      case 0xd3:
        this.need(8);
        this.at += 8;
        return this.integer(this.view.getBigInt64(this.at - 8));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << (head - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.text(this.#unsigned(1 << (head - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.list(this.#unsigned(2 << (head - 0xdc)));
      case 0xde:
      case 0xdf:
        return this.map(this.#unsigned(2 << (head - 0xde)));
      default:
        throw this.fault('a byte that begins no value');
    }
  }

  protected key(): string | undefined {
    const head = this.byte();
    if (head >= 0xa0 && head < 0xc0) return this.text(head & 31);
    return head >= 0xd9 && head <= 0xdb ? this.text(this.#unsigned(1 << (head - 0xd9))) : undefined;
  }

  #unsigned(size: number): number {
    this.need(size);
    const at = this.at;
    this.at += size;
    if (size === 1) return this.view.getUint8(at);
    return size === 2 ? this.view.getUint16(at) : this.view.getUint32(at);
  }

  #extension(length: number): string {
    const type = (this.byte() << 24) >> 24;
    if (type !== TIMESTAMP) throw this.fault(`an extension of type ${type}`);
    this.need(length);
    const { view, at } = this;
    this.at += length;
    if (length === 4) return this.#time(view.getUint32(at), 0);
    if (length === 8) {
      const high = view.getUint32(at);
      return this.#time((high & 3) * 0x1_0000_0000 + view.getUint32(at + 4), high >>> 2);
    }
    if (length === 12) return this.#time(Number(view.getBigInt64(at + 4)), view.getUint32(at));
    throw this.fault(`a timestamp of ${length} bytes`);
  }

  /** RFC 3339, with as many digits as the time has. */
  #time(seconds: number, nanoseconds: number): string {
    if (seconds < YEAR_0 || seconds >= YEAR_10000 || nanoseconds >= NANOSECONDS)
      throw this.fault('a timestamp outside of the years 0 to 9999');
    const fraction = nanoseconds === 0 ? '' : `.${String(nanoseconds).padStart(9, '0').replace(/0+$/, '')}`;
    return new Date(seconds * 1000).toISOString().replace('.000', fraction);
  }
}
