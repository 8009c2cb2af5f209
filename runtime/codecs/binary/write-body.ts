import { types } from 'node:util';
import { isStackOverflow, SluiceError } from '#contract/errors.ts';
import { faultAt, MOST_LEVELS, unsafeName } from '../body-place.ts';
import { OPAQUE, type OpaqueKind } from '../opaque.ts';

/** Writes values of one format. Lists and maps are followed by their members, a key before its value. */
export interface ValueWriter {
  null(): void;
  boolean(value: boolean): void;
  number(value: number): void;
  /** Returns whether the format has it. */
  bigint(value: bigint): boolean;
  text(value: string): void;
  bytes(value: Uint8Array): void;
  /** A valid one. */
  date(value: Date): void;
  list(count: number): void;
  map(count: number): void;
}

const OPAQUE_HERE: readonly OpaqueKind[] = [...OPAQUE, [types.isArrayBufferView, 'an array of numbers']];

/**
 * Writes a body, or refuses the value that the format cannot hold, with its place. A `toJSON` is followed, except that of dates
 * and bytes, which binary formats have.
 */
export function writeBody(format: string, body: unknown, out: ValueWriter): void {
  new Walk(format, out).value(body);
}

class Walk {
  readonly #format: string;
  readonly #out: ValueWriter;
  readonly #steps: (string | number)[] = [];

  constructor(format: string, out: ValueWriter) {
    this.#format = format;
    this.#out = out;
  }

  value(value: unknown): void {
    const out = this.#out;
    switch (typeof value) {
      case 'string':
        if (!value.isWellFormed()) throw this.#fault('a text with half a surrogate pair');
        return out.text(value);
      case 'number':
        return out.number(value);
      case 'boolean':
        return out.boolean(value);
      case 'bigint':
        if (!out.bigint(value)) throw this.#fault('a bigint that is too large');
        return;
      case 'object':
        return value === null ? out.null() : this.#object(value);
      case 'undefined':
        throw this.#fault('undefined', ': leave it out, or return null');
      case 'function':
      case 'symbol':
        throw this.#fault(`a ${typeof value}`);
    }
  }

  #object(value: object): void {
    if (Array.isArray(value)) return this.#list(value);
    const prototype: unknown = Object.getPrototypeOf(value);
    const isPlain = prototype === Object.prototype || prototype === null;
    if (!isPlain) {
      if (value instanceof Uint8Array) return this.#out.bytes(value);
      if (types.isDate(value)) return this.#date(value);
      if (types.isBoxedPrimitive(value)) return this.value(value.valueOf());
      const opaque = OPAQUE_HERE.find(([is]) => is(value));
      if (opaque !== undefined) throw this.#fault(opaque[1]);
    }
    const toJson: unknown = this.#member(value, 'toJSON');
    if (typeof toJson === 'function') return this.#replaced(value, toJson);
    return this.#map(value);
  }

  #replaced(value: object, toJson: Function): void {
    let made: unknown;
    try {
      made = Reflect.apply(toJson, value, [String(this.#steps.at(-1) ?? '')]);
    } catch (thrown) {
      if (thrown instanceof SluiceError || isStackOverflow(thrown)) throw thrown;
      throw this.#fault('a value whose toJSON throws');
    }
    if (typeof made === 'object' && made !== null && !Array.isArray(made)) return this.#map(made);
    return this.value(made);
  }

  #date(value: Date): void {
    if (Number.isNaN(value.getTime())) throw this.#fault('an invalid Date');
    this.#out.date(value);
  }

  #list(list: readonly unknown[]): void {
    this.#out.list(list.length);
    this.#enter();
    const level = this.#steps.length - 1;
    for (let index = 0; index < list.length; index += 1) {
      this.#steps[level] = index;
      this.value(list[index]);
    }
    this.#steps.pop();
  }

  #map(map: object): void {
    const names = Object.keys(map);
    const around = this.#steps.at(-1);
    this.#out.map(names.length);
    this.#enter();
    const level = this.#steps.length - 1;
    for (const name of names) {
      this.#steps[level] = name;
      const danger = unsafeName(name, around);
      if (danger !== undefined) throw this.#fault(danger, '', 'BODY_UNSAFE');
      if (!name.isWellFormed()) throw this.#fault('a key with half a surrogate pair');
      this.#out.text(name);
      this.value(this.#member(map, name));
    }
    this.#steps.pop();
  }

  #member(map: object, name: string): unknown {
    try {
      return Reflect.get(map, name);
    } catch (thrown) {
      if (isStackOverflow(thrown)) throw thrown;
      throw this.#fault('a value that throws when it is read');
    }
  }

  #enter(): void {
    if (this.#steps.length >= MOST_LEVELS) throw this.#fault(`more than ${MOST_LEVELS} levels`, '', 'BODY_TOO_DEEP');
    this.#steps.push(0);
  }

  #fault(found: string, advice = '', code: 'BODY_TOO_DEEP' | 'BODY_UNSAFE' | 'ENCODE_FAILED' = 'ENCODE_FAILED') {
    return faultAt(code, `a body that ${this.#format} can write`, found, this.#steps, advice);
  }
}
