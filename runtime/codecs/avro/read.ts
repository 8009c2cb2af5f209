import type { BodyRules } from '#contract/codec.ts';
import { BinaryReader } from '../binary/binary-reader.ts';
import { defaultOf } from './defaults.ts';
import { type AvroRecord, type AvroType, lastPart } from './types.ts';

/** Items that take no byte: a few bytes could claim any number of them. */
const MOST_EMPTY_ITEMS = 10_000;
const MOST_NESTED = 20;
const LAST_OF_VARINT = 0x80;

export type Read = (input: AvroInput) => unknown;

/** The bytes of one body. */
export class AvroInput extends BinaryReader {
  readonly #read: Read;
  #emptyItems = 0;

  constructor(bytes: Uint8Array, read: Read, rules: BodyRules) {
    super('avro', bytes, rules);
    this.#read = read;
  }

  value(): unknown {
    return this.#read(this);
  }

  protected key(): string {
    return this.text(this.length());
  }

  /** A number up to 2^53, a bigint from there on. */
  long(): number | bigint {
    let low = 0;
    let scale = 1;
    for (let size = 1; size <= 7; size += 1) {
      const byte = this.byte();
      low += (byte & 0x7f) * scale;
      scale *= LAST_OF_VARINT;
      if (byte < LAST_OF_VARINT) return low % 2 === 0 ? low / 2 : -(low + 1) / 2;
    }
    let value = BigInt(low);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < LAST_OF_VARINT) {
        if (value >= 1n << 64n) break;
        const signed = value & 1n ? -((value + 1n) >> 1n) : value >> 1n;
        const near = Number(signed);
        return Number.isSafeInteger(near) ? near : signed;
      }
    }
    throw this.fault('an integer of more than 64 bits');
  }

  int(): number {
    const value = this.long();
    if (typeof value === 'bigint' || value !== (value | 0)) throw this.fault('an int of more than 32 bits');
    return value;
  }

  length(): number {
    const length = this.long();
    if (typeof length === 'bigint' || length < 0) throw this.fault('a negative length');
    return length;
  }

  /** The number of items in the next block of a list or map; 0 at its end. */
  block(takesNoByte: boolean): number {
    let count = this.long();
    if (typeof count === 'number' && count < 0) {
      count = -count;
      this.length();
    }
    if (typeof count === 'bigint') throw this.fault('a count that no body has');
    if (!takesNoByte) this.need(count);
    else if ((this.#emptyItems += count) > MOST_EMPTY_ITEMS)
      throw this.fault(`more than ${MOST_EMPTY_ITEMS} items without a byte`);
    return count;
  }
}

/** A reader of what was written by `writer`, as bodies of `reader`. A type that cannot become the other is refused when it comes. */
export function readerOf(writer: AvroType, reader: AvroType): Read {
  return new Readers().of(writer, reader);
}

class Readers {
  /** Of records, which may contain themselves. */
  readonly #made = new Map<AvroType, Map<AvroType, Read>>();

  of(writer: AvroType, reader: AvroType): Read {
    return this.#tried(writer, reader) ?? unfit(writer, reader);
  }

  /** Undefined where a value of the one type can never be one of the other. */
  #tried(writer: AvroType, reader: AvroType): Read | undefined {
    if (writer.kind === 'union') {
      const branches = writer.branches.map((branch) => this.of(branch, reader));
      return (input) => {
        const branch = branches[input.length()];
        if (branch === undefined) throw input.fault('a branch that the union does not have');
        return branch(input);
      };
    }
    if (reader.kind === 'union') {
      const alike = reader.branches.filter((branch) => branch.kind === writer.kind && isSameName(writer, branch));
      // Two namespaces may have one short name.
      const same = alike.find((branch) => isFullName(writer, branch)) ?? alike[0];
      const ordered = same === undefined ? reader.branches : [same, ...reader.branches];
      for (const branch of ordered) {
        const read = this.#tried(writer, branch);
        if (read !== undefined) return read;
      }
      return undefined;
    }
    if (writer.kind === 'record' && reader.kind === 'record') return this.#record(writer, reader);
    if (writer.kind === 'array' && reader.kind === 'array')
      return list(this.of(writer.items, reader.items), isEmpty(writer.items));
    if (writer.kind === 'map' && reader.kind === 'map') return map(this.of(writer.values, reader.values));
    if (writer.kind === 'enum' && reader.kind === 'enum') {
      const symbols = writer.symbols.map((symbol) => (reader.symbols.includes(symbol) ? symbol : reader.byDefault));
      return (input) => {
        const index = input.length();
        if (index >= symbols.length) throw input.fault('a symbol that the enum does not have');
        const symbol = symbols[index];
        if (symbol === undefined) throw input.fault('a symbol that the schema of the route does not have');
        return symbol;
      };
    }
    if (writer.kind === 'fixed' && reader.kind === 'fixed') {
      const { size } = writer;
      return size === reader.size && isSameName(writer, reader) ? (input) => input.copy(size) : undefined;
    }
    return primitive(writer.kind, reader.kind);
  }

  #record(writer: AvroRecord, reader: AvroRecord): Read | undefined {
    if (!isSameName(writer, reader)) return undefined;
    const known = this.#made.get(writer)?.get(reader);
    if (known !== undefined) return known;
    let steps: readonly { readonly name: string; readonly read: Read; readonly isKept: boolean }[] = [];
    let missing: readonly (readonly [string, () => unknown])[] = [];
    const read: Read = (input) => {
      const body: Record<string, unknown> = {};
      input.enter();
      for (const { name, read: readField, isKept } of steps) {
        input.step(name);
        const value = readField(input);
        if (isKept) body[name] = value;
      }
      for (const [name, make] of missing) body[name] = make();
      input.leave();
      return body;
    };
    const made = this.#made.get(writer) ?? new Map<AvroType, Read>();
    this.#made.set(writer, made.set(reader, read));
    const found = new Set<string>();
    steps = writer.fields.map(({ name, type }) => {
      const target =
        reader.fields.find((field) => field.name === name) ??
        reader.fields.find(({ aliases }) => aliases.includes(name));
      if (target === undefined) return { name, read: this.of(type, type), isKept: false };
      found.add(target.name);
      return { name: target.name, read: this.of(type, target.type), isKept: true };
    });
    const lacking = reader.fields.filter(({ name }) => !found.has(name));
    missing = lacking.map(({ name, type, byDefault }) => [
      name,
      () => {
        const value = defaultOf(type, byDefault);
        return 'value' in value ? value.value : undefined;
      },
    ]);
    const without = lacking.find(({ byDefault }) => byDefault === undefined);
    if (without === undefined) return read;
    made.delete(reader);
    return undefined;
  }
}

function unfit(writer: AvroType, reader: AvroType): Read {
  const [given, wanted] = [writer, reader].map((type) => ('name' in type ? type.name : type.kind));
  return (input) => {
    throw input.fault(`${given} of the writer's schema where the schema of the route has ${wanted}`);
  };
}

function isSameName(writer: AvroType, reader: AvroType): boolean {
  if (!('name' in writer) || !('name' in reader)) return true;
  return [reader.name, ...reader.aliases].some((name) => lastPart(name) === lastPart(writer.name));
}

function isFullName(writer: AvroType, reader: AvroType): boolean {
  return 'name' in writer && 'name' in reader && [reader.name, ...reader.aliases].includes(writer.name);
}

/** Whether a value of it may take no byte. A record that holds itself without end has no value at all. */
function isEmpty(type: AvroType, level = 0): boolean {
  if (type.kind === 'record')
    return level < MOST_NESTED && type.fields.every((field) => isEmpty(field.type, level + 1));
  return type.kind === 'null' || (type.kind === 'fixed' && type.size === 0);
}

function list(read: Read, itemsAreEmpty: boolean): Read {
  return (input) => {
    const items: unknown[] = [];
    input.enter();
    for (let count = input.block(itemsAreEmpty); count > 0; count = input.block(itemsAreEmpty)) {
      for (let index = 0; index < count; index += 1) {
        input.step(items.length);
        items.push(read(input));
      }
    }
    input.leave();
    return items;
  };
}

function map(read: Read): Read {
  return (input) => {
    const values: Record<string, unknown> = {};
    input.enter();
    for (let count = input.block(false); count > 0; count = input.block(false)) {
      for (let index = 0; index < count; index += 1) {
        const name = input.text(input.length());
        input.member(values, name);
        values[name] = read(input);
      }
    }
    input.leave();
    return values;
  };
}

const READ: Readonly<Partial<Record<AvroType['kind'], Read>>> = {
  null: () => null,
  boolean(input) {
    const byte = input.byte();
    if (byte > 1) throw input.fault('a boolean that is neither 0 nor 1');
    return byte === 1;
  },
  int: (input) => input.integer(input.int()),
  long: (input) => input.integer(input.long()),
  float(input) {
    input.need(4);
    input.at += 4;
    return input.view.getFloat32(input.at - 4, true);
  },
  double(input) {
    input.need(8);
    input.at += 8;
    return input.view.getFloat64(input.at - 8, true);
  },
  bytes: (input) => input.copy(input.length()),
  string: (input) => input.text(input.length()),
};

/** What a primitive type may become. */
const PROMOTED: Readonly<Partial<Record<AvroType['kind'], readonly AvroType['kind'][]>>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string'],
};

function primitive(writer: AvroType['kind'], reader: AvroType['kind']): Read | undefined {
  if (writer === reader) return READ[writer];
  if (PROMOTED[writer]?.includes(reader) !== true) return undefined;
  if (writer === 'string' || writer === 'bytes') return READ[reader];
  if (reader === 'long') return READ[writer];
  return writer === 'float' ? READ[writer] : (input) => Number(writer === 'int' ? input.int() : input.long());
}
