import { types } from 'node:util';
import { ByteWriter } from '../binary/byte-writer.ts';
import { faultAt, MOST_LEVELS, unsafeName } from '../body-place.ts';
import { standingFor } from '../opaque.ts';
import { defaultOf } from './defaults.ts';
import type { AvroRecord, AvroType } from './types.ts';

type Steps = (string | number)[];

/** The bytes of a body of that type. Throws ENCODE_FAILED with the place. */
export function writeAvro(type: AvroType, schema: string, body: unknown): Uint8Array {
  const out = new ByteWriter();
  new Writer(schema, out).write(type, body);
  return out.done();
}

class Writer {
  readonly #schema: string;
  readonly #out: ByteWriter;
  readonly #steps: Steps = [];

  constructor(schema: string, out: ByteWriter) {
    this.#schema = schema;
    this.#out = out;
  }

  write(type: AvroType, given: unknown): void {
    const out = this.#out;
    const value = this.#standing(given);
    switch (type.kind) {
      case 'null':
        if (value !== null && value !== undefined) throw this.#unfit('null', value);
        return;
      case 'boolean':
        if (typeof value !== 'boolean') throw this.#unfit('a boolean', value);
        return out.u8(value ? 1 : 0);
      case 'int':
      case 'long':
        return this.#integer(type.kind, value);
      case 'float':
      case 'double':
        if (typeof value !== 'number' && typeof value !== 'bigint') throw this.#unfit('a number', value);
        if (!holds(type.kind, value)) throw this.#fault(`a number that ${type.kind} does not hold`);
        return type.kind === 'float' ? out.f32le(Number(value)) : out.f64le(Number(value));
      case 'bytes':
        if (!(value instanceof Uint8Array)) throw this.#unfit('bytes', value);
        this.#long(value.length);
        return out.raw(value);
      case 'fixed':
        if (!(value instanceof Uint8Array) || value.length !== type.size)
          throw this.#unfit(`${type.size} bytes`, value);
        return out.raw(value);
      case 'string':
        if (typeof value !== 'string' || !value.isWellFormed()) throw this.#unfit('a text', value);
        return this.#text(value);
      case 'enum': {
        const index = typeof value === 'string' ? type.symbols.indexOf(value) : -1;
        if (index === -1) throw this.#unfit(`a symbol of ${type.name}`, value);
        return this.#long(index);
      }
      case 'array':
        return this.#array(type.items, value);
      case 'map':
        return this.#map(type.values, value);
      case 'union':
        return this.#union(type.branches, value);
      case 'record':
        return this.#record(type, value);
    }
  }

  #standing(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
    if (types.isDate(value)) throw this.#fault('a Date');
    const standing = standingFor(value, String(this.#steps.at(-1) ?? ''));
    if ('refused' in standing) throw this.#fault(standing.refused);
    return standing.value;
  }

  #integer(kind: 'int' | 'long', value: unknown): void {
    if (typeof value === 'bigint') {
      const isHeld = kind === 'int' ? BigInt.asIntN(32, value) === value : BigInt.asIntN(64, value) === value;
      if (!isHeld) throw this.#fault(`a bigint that ${kind} does not hold`);
      return this.#long(value);
    }
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || (kind === 'int' && value !== (value | 0)))
      throw this.#unfit(kind === 'int' ? 'an integer of 32 bits' : 'an integer up to 2^53, or a bigint', value);
    this.#long(value);
  }

  /** Zigzag, then seven bits a byte, the lowest first. */
  #long(value: number | bigint): void {
    const out = this.#out;
    if (typeof value === 'number' && value >= -0x4000_0000 && value < 0x4000_0000) {
      let left = ((value << 1) ^ (value >> 31)) >>> 0;
      for (; left > 0x7f; left >>>= 7) out.u8((left & 0x7f) | 0x80);
      return out.u8(left);
    }
    const whole = BigInt(value);
    let left = BigInt.asUintN(64, (whole << 1n) ^ (whole >> 63n));
    for (; left > 0x7fn; left >>= 7n) out.u8(Number(left & 0x7fn) | 0x80);
    out.u8(Number(left));
  }

  #text(value: string): void {
    const length = Buffer.byteLength(value);
    this.#long(length);
    this.#out.utf8(value, length);
  }

  #array(items: AvroType, value: unknown): void {
    if (!Array.isArray(value)) throw this.#unfit('a list', value);
    this.#enter();
    if (value.length > 0) this.#long(value.length);
    for (const [index, item] of value.entries()) {
      this.#steps[this.#steps.length - 1] = index;
      this.write(items, item);
    }
    this.#long(0);
    this.#steps.pop();
  }

  #map(values: AvroType, value: unknown): void {
    if (!isObject(value)) throw this.#unfit('an object', value);
    const entries = Object.entries(value);
    this.#enter();
    if (entries.length > 0) this.#long(entries.length);
    for (const [name, member] of entries) {
      this.#steps[this.#steps.length - 1] = name;
      if (unsafeName(name, this.#steps.at(-2)) !== undefined || !name.isWellFormed())
        throw this.#fault('a key that is not written');
      this.#text(name);
      this.write(values, member);
    }
    this.#long(0);
    this.#steps.pop();
  }

  #record({ name: typeName, fields }: AvroRecord, value: unknown): void {
    if (!isObject(value)) throw this.#unfit(`an object for ${typeName}`, value);
    this.#enter();
    const last = this.#steps.length - 1;
    let known = 0;
    for (const { name, type, byDefault } of fields) {
      this.#steps[last] = name;
      const isThere = Object.hasOwn(value, name);
      let member: unknown = isThere ? Reflect.get(value, name) : undefined;
      if (isThere) known += 1;
      if (member === undefined && byDefault !== undefined) {
        const made = defaultOf(type, byDefault);
        member = 'value' in made ? made.value : undefined;
      }
      this.write(type, member);
    }
    const names = Object.keys(value);
    if (names.length > known) {
      const other = names.find((name) => !fields.some((field) => field.name === name));
      this.#steps[last] = other ?? '';
      if (other !== undefined) throw this.#fault(`a field that ${typeName} does not have`);
    }
    this.#steps.pop();
  }

  #union(branches: readonly AvroType[], value: unknown): void {
    const index = branches.findIndex((branch) => fits(branch, value, 0));
    const branch = branches[index];
    if (branch === undefined) {
      // A union of null and one other type says more by that type's own refusal.
      const others = branches.filter(({ kind }) => kind !== 'null');
      if (others.length === 1 && others[0] !== undefined && value !== null && value !== undefined) {
        this.#long(branches.indexOf(others[0]));
        return this.write(others[0], value);
      }
      throw this.#unfit('a type of the union', value);
    }
    this.#long(index);
    this.write(branch, value);
  }

  #enter(): void {
    if (this.#steps.length >= MOST_LEVELS)
      throw faultAt('BODY_TOO_DEEP', 'a body that avro can write', `more than ${MOST_LEVELS} levels`, this.#steps);
    this.#steps.push(0);
  }

  #unfit(expected: string, value: unknown) {
    const kind = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
    return this.#fault(`${kind} where ${this.#schema} has ${expected},`);
  }

  #fault(found: string) {
    return faultAt('ENCODE_FAILED', 'a body that avro can write', found, this.#steps);
  }
}

/** A bigint is a number of its digits, so a double must have each. A float has fewer digits, but no other size. */
function holds(kind: 'float' | 'double', value: number | bigint): boolean {
  const number = Number(value);
  if (typeof value === 'bigint' && (!Number.isFinite(number) || BigInt(number) !== value)) return false;
  return kind === 'double' || !Number.isFinite(number) || Number.isFinite(Math.fround(number));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** Levels to which a value is compared with a branch of a union. */
const MOST_COMPARED = 20;

/** Whether a value can be written as the type: of a union the first such branch is written. */
function fits(type: AvroType, value: unknown, level: number): boolean {
  if (level > MOST_COMPARED) return true;
  switch (type.kind) {
    case 'null':
      return value === null || value === undefined;
    case 'boolean':
      return typeof value === 'boolean';
    case 'int':
      return typeof value === 'bigint' ? BigInt.asIntN(32, value) === value : value === (Number(value) | 0);
    case 'long':
      if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value;
      return Number.isSafeInteger(value);
    case 'float':
    case 'double':
      return (typeof value === 'number' || typeof value === 'bigint') && holds(type.kind, value);
    case 'bytes':
      return value instanceof Uint8Array;
    case 'fixed':
      return value instanceof Uint8Array && value.length === type.size;
    case 'string':
      return typeof value === 'string';
    case 'enum':
      return typeof value === 'string' && type.symbols.includes(value);
    case 'array':
      return Array.isArray(value) && value.every((item) => fits(type.items, item, level + 1));
    case 'map':
      return isObject(value) && Object.values(value).every((item) => fits(type.values, item, level + 1));
    case 'union':
      return type.branches.some((branch) => fits(branch, value, level + 1));
    case 'record':
      return (
        isObject(value) &&
        Object.keys(value).every((name) => type.fields.some((field) => field.name === name)) &&
        type.fields.every(
          ({ name, type: fieldType, byDefault }) =>
            (byDefault !== undefined && !Object.hasOwn(value, name)) ||
            fits(fieldType, Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined, level + 1),
        )
      );
  }
}
