const SMALL = 64;

/** Bytes that grow as they are written. Numbers are big-endian, except those of `...le`. */
export class ByteWriter {
  #bytes: Buffer;
  #view: DataView;
  #at = 0;

  constructor(size = 512) {
    this.#bytes = Buffer.allocUnsafeSlow(size);
    this.#view = viewOf(this.#bytes);
  }

  get length(): number {
    return this.#at;
  }

  /** The bytes written. The writer is not used afterwards. */
  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  u8(value: number): void {
    const at = this.#take(1);
    this.#view.setUint8(at, value);
  }

  u16(value: number): void {
    const at = this.#take(2);
    this.#view.setUint16(at, value);
  }

  u32(value: number): void {
    const at = this.#take(4);
    this.#view.setUint32(at, value);
  }

  /** Of -2^63 to 2^64 - 1; the bytes of both are the same. */
  u64(value: bigint): void {
    const at = this.#take(8);
    this.#view.setBigUint64(at, BigInt.asUintN(64, value));
  }

  f32(value: number): void {
    const at = this.#take(4);
    this.#view.setFloat32(at, value);
  }

  f64(value: number): void {
    const at = this.#take(8);
    this.#view.setFloat64(at, value);
  }

  f32le(value: number): void {
    const at = this.#take(4);
    this.#view.setFloat32(at, value, true);
  }

  f64le(value: number): void {
    const at = this.#take(8);
    this.#view.setFloat64(at, value, true);
  }

  raw(bytes: Uint8Array): void {
    const at = this.#take(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** `length`: of the text in UTF-8. */
  utf8(text: string, length: number): void {
    const at = this.#take(length);
    // Of short ASCII texts the loop is faster than the call.
    if (length === text.length && length < SMALL) {
      for (let index = 0; index < length; index += 1) this.#bytes[at + index] = text.charCodeAt(index);
    } else this.#bytes.write(text, at, length, 'utf8');
  }

  /** Replaces bytes and view where they are too small: both are read after it. */
  #take(count: number): number {
    const at = this.#at;
    if (at + count > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, at + count));
      this.#bytes.copy(grown, 0, 0, at);
      this.#bytes = grown;
      this.#view = viewOf(grown);
    }
    this.#at = at + count;
    return at;
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
