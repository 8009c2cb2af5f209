import type { BodyRules } from '#contract/codec.ts';
import type { SluiceError } from '#contract/errors.ts';
import { asBuffer } from '#kit/as-buffer.ts';
import { type BodyCode, faultAt, unsafeName } from '../body-place.ts';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const REPLACED = '\ufffd';

/**
 * What readers of binary formats share: the bytes and the position in them, the place in the body, and the members of lists and
 * maps. A map is an object: its keys are texts, each once. Lengths are compared with the bytes that are left before anything is
 * made of that size.
 */
export abstract class BinaryReader {
  readonly bytes: Buffer;
  readonly view: DataView;
  at = 0;
  readonly #format: string;
  readonly #rules: BodyRules;
  /** The name or index of the value that is read, on each level. Behind `#depth` it holds earlier ones. */
  readonly #steps: (string | number)[] = [];
  #depth = 0;

  constructor(format: string, bytes: Uint8Array, rules: BodyRules) {
    this.#format = format;
    this.#rules = rules;
    this.bytes = asBuffer(bytes);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The one value of all bytes. */
  whole(): unknown {
    const body = this.value();
    const left = this.bytes.length - this.at;
    if (left > 0) throw this.fault(`${left} bytes behind the end of the body`);
    return body;
  }

  protected abstract value(): unknown;

  /** A key of a map, from the next bytes; undefined where it is no text. */
  protected abstract key(): string | undefined;

  fault(found: string, code: BodyCode = 'DECODE_FAILED'): SluiceError {
    return faultAt(code, this.#format, found, this.#steps.slice(0, this.#depth));
  }

  /** An integer of the body under the rule of the route: json has the same. */
  integer(value: number | bigint): number | bigint {
    const { numbers } = this.#rules;
    if (numbers === 'exact') return BigInt(value);
    const near = Number(value);
    if (Number.isSafeInteger(near)) return near;
    if (numbers === 'keep') return BigInt(value);
    if (numbers === 'round') return near;
    throw this.fault('an integer that a double does not hold', 'NUMBER_UNSAFE');
  }

  /** Throws where fewer bytes are left. */
  need(count: number): void {
    if (count > this.bytes.length - this.at) throw this.fault(`an end too early, after ${this.bytes.length} bytes`);
  }

  byte(): number {
    this.need(1);
    const byte = this.view.getUint8(this.at);
    this.at += 1;
    return byte;
  }

  text(length: number): string {
    this.need(length);
    const end = this.at + length;
    let text = this.bytes.toString('utf8', this.at, end);
    // The strict decoder costs more, and few texts hold this character.
    if (text.includes(REPLACED)) text = this.#strictly(this.bytes.subarray(this.at, end));
    this.at = end;
    return text;
  }

  /** A copy: what a function does to it must not change the bytes of the message. */
  copy(length: number): Uint8Array {
    this.need(length);
    const end = this.at + length;
    const copied = new Uint8Array(length);
    copied.set(this.bytes.subarray(this.at, end));
    this.at = end;
    return copied;
  }

  /** `count`: undefined where the list ends with a mark. */
  protected list(count: number | undefined): unknown[] {
    // Each member takes a byte at least.
    if (count !== undefined) this.need(count);
    const list: unknown[] = [];
    this.enter();
    for (let index = 0; count === undefined ? !this.isEnd() : index < count; index += 1) {
      this.step(index);
      list.push(this.value());
    }
    this.leave();
    return list;
  }

  protected map(count: number | undefined): Record<string, unknown> {
    if (count !== undefined) this.need(count * 2);
    const map: Record<string, unknown> = {};
    this.enter();
    for (let index = 0; count === undefined ? !this.isEnd() : index < count; index += 1) {
      this.step(index);
      const key = this.key();
      if (key === undefined) throw this.fault('a key that is no text, of the member');
      this.member(map, key);
      map[key] = this.value();
    }
    this.leave();
    return map;
  }

  /** Whether the mark is next that ends a list or map without a count. It is read. */
  protected isEnd(): boolean {
    return false;
  }

  /** Into a list or map; `step` then says in which member. Throws beyond the levels of the route. */
  enter(): void {
    const { depth } = this.#rules;
    if (this.#depth >= depth) throw this.fault(`more than ${depth} levels`, 'BODY_TOO_DEEP');
    this.#depth += 1;
  }

  leave(): void {
    this.#depth -= 1;
  }

  step(nameOrIndex: string | number): void {
    this.#steps[this.#depth - 1] = nameOrIndex;
  }

  /** Steps to the member that is read into the map next. Throws where its key is refused. */
  member(map: object, key: string): void {
    this.step(key);
    const danger = unsafeName(key, this.#depth < 2 ? undefined : this.#steps[this.#depth - 2]);
    if (danger !== undefined) throw this.fault(danger, 'BODY_UNSAFE');
    if (Object.hasOwn(map, key)) throw this.fault('a duplicate key');
  }

  #strictly(bytes: Uint8Array): string {
    try {
      return strict.decode(bytes);
    } catch {
      throw this.fault('a text that is not UTF-8');
    }
  }
}
