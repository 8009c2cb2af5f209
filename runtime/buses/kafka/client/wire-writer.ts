/** Writes the fields of a request. */
export class WireWriter {
  #bytes: Buffer;
  #end = 0;

  constructor(bytes: number) {
    this.#bytes = Buffer.allocUnsafe(bytes);
  }

  /** The written bytes. */
  get buffer(): Buffer {
    return this.#bytes.subarray(0, this.#end);
  }

  int8(value: number): this {
    const at = this.#take(1);
    this.#bytes.writeInt8(value, at);
    return this;
  }

  int16(value: number): this {
    const at = this.#take(2);
    this.#bytes.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.#take(4);
    this.#bytes.writeInt32BE(value, at);
    return this;
  }

  int64(value: number): this {
    const at = this.#take(8);
    this.#bytes.writeBigInt64BE(BigInt(value), at);
    return this;
  }

  text(value: string): this {
    const length = Buffer.byteLength(value);
    this.int16(length);
    const at = this.#take(length);
    this.#bytes.write(value, at);
    return this;
  }

  /** With its length before it. */
  bytes(value: Uint8Array): this {
    this.int32(value.length);
    const at = this.#take(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  #take(count: number): number {
    const at = this.#end;
    this.#end += count;
    if (this.#end > this.#bytes.length) {
      const bytes = Buffer.allocUnsafe(Math.max(this.#end, this.#bytes.length * 2));
      this.#bytes.copy(bytes, 0, 0, at);
      this.#bytes = bytes;
    }
    return at;
  }
}
