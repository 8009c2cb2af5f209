import { nearestName } from '#kit/nearest.ts';
import { isMap, own, type PlainMap } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import { type CodecFlaw, CodecFlaws, type CodecSchemaFile } from '#contract/schema-codec.ts';
import { type AvroField, type AvroType, isPrimitive, PRIMITIVES } from './types.ts';
import { defaultOf } from './defaults.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const FULL_NAME = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;
const COMPLEX = ['record', 'enum', 'fixed', 'array', 'map'];
const MOST_LEVELS = 100;

/** Reads a schema in JSON (.avsc). Throws CodecFlaws with the first place that is wrong. */
export function parseAvro({ name, content, imports = [] }: CodecSchemaFile): AvroType {
  const file = `${name}.avsc`;
  const parser = new Parser(file);
  for (const one of imports) parser.whole(jsonOf(one, file));
  return parser.whole(jsonOf(content, file));
}

function jsonOf(content: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(Buffer.from(content).toString()) as unknown;
  } catch (thrown) {
    const found = thrown instanceof Error ? thrown.message : 'something else';
    throw new CodecFlaws([{ file, at: '', expected: 'JSON', found, write: '' }]);
  }
}

class Parser {
  readonly #file: string;
  readonly #named = new Map<string, AvroType>();
  /** Defaults are judged once every type is known. */
  readonly #defaults: { readonly at: string; readonly field: AvroField }[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  whole(json: unknown): AvroType {
    const type = this.#type(json, '', '', 0);
    for (const { at, field } of this.#defaults) {
      const flaw = defaultOf(field.type, field.byDefault);
      if ('expected' in flaw)
        throw this.#flaw(pointerTo(at, 'default'), `a default of ${flaw.expected}`, shown(field.byDefault));
    }
    return type;
  }

  #type(json: unknown, at: string, space: string, level: number): AvroType {
    if (level > MOST_LEVELS) throw this.#flaw(at, `at most ${MOST_LEVELS} levels`, 'more');
    if (typeof json === 'string') return this.#reference(json, at, space);
    if (Array.isArray(json)) return this.#union(json, at, space, level);
    if (!isMap(json)) throw this.#flaw(at, 'a type: a name, a list of types, or a map with type', shown(json));
    const type = own(json, 'type');
    if (typeof type !== 'string') return this.#type(type, pointerTo(at, 'type'), space, level + 1);
    switch (type) {
      case 'record':
      case 'error':
        return this.#record(json, at, space, level);
      case 'enum':
        return this.#enum(json, at, space);
      case 'fixed':
        return this.#fixed(json, at, space);
      case 'array':
        return { kind: 'array', items: this.#type(own(json, 'items'), pointerTo(at, 'items'), space, level + 1) };
      case 'map':
        return { kind: 'map', values: this.#type(own(json, 'values'), pointerTo(at, 'values'), space, level + 1) };
      default:
        return this.#reference(type, pointerTo(at, 'type'), space);
    }
  }

  #reference(name: string, at: string, space: string): AvroType {
    if (isPrimitive(name)) return { kind: name };
    const known =
      this.#named.get(name.includes('.') || space === '' ? name : `${space}.${name}`) ?? this.#named.get(name);
    if (known !== undefined) return known;
    const suggestion = nearestName(name, [...PRIMITIVES, ...COMPLEX, ...this.#named.keys()]);
    const write = suggestion === undefined ? 'a type that stands before it in the file' : `"${suggestion}"`;
    throw this.#flaw(at, 'a type of Avro, or one that the file names before', shown(name), write, suggestion);
  }

  #union(list: readonly unknown[], at: string, space: string, level: number): AvroType {
    const branches = list.map((item, index) => this.#type(item, pointerTo(at, index), space, level + 1));
    const seen = new Set<string>();
    for (const [index, branch] of branches.entries()) {
      const place = pointerTo(at, index);
      if (branch.kind === 'union') throw this.#flaw(place, 'a type that is no union, within a union', 'a union');
      const key = 'name' in branch ? branch.name : branch.kind;
      if (seen.has(key)) throw this.#flaw(place, 'each type once in a union', shown(key));
      seen.add(key);
    }
    if (branches.length === 0) throw this.#flaw(at, 'a union of at least one type', '[]');
    return { kind: 'union', branches };
  }

  #record(json: PlainMap, at: string, space: string, level: number): AvroType {
    const { name, inner, aliases } = this.#name(json, at, space);
    const record: AvroType = { kind: 'record', name, aliases, fields: [] };
    this.#define(name, record, at);
    const fields = own(json, 'fields');
    if (!Array.isArray(fields)) throw this.#flaw(pointerTo(at, 'fields'), 'a list of fields', shown(fields));
    const seen = new Set<string>();
    for (const [index, field] of fields.entries()) {
      const place = pointerTo(at, 'fields', index);
      const fieldName = isMap(field) ? own(field, 'name') : undefined;
      if (!isMap(field) || typeof fieldName !== 'string') throw this.#flaw(place, 'a field with a name', shown(field));
      if (!NAME.test(fieldName) || fieldName === '__proto__') {
        throw this.#flaw(pointerTo(place, 'name'), 'a name of letters, digits and _', shown(fieldName));
      }
      if (seen.has(fieldName))
        throw this.#flaw(pointerTo(place, 'name'), 'each name once in a record', shown(fieldName));
      seen.add(fieldName);
      const made: AvroField = {
        name: fieldName,
        aliases: texts(own(field, 'aliases')),
        type: this.#type(own(field, 'type'), pointerTo(place, 'type'), inner, level + 1),
        byDefault: own(field, 'default'),
      };
      record.fields.push(made);
      if (made.byDefault !== undefined) this.#defaults.push({ at: place, field: made });
    }
    return record;
  }

  #enum(json: PlainMap, at: string, space: string): AvroType {
    const { name, aliases } = this.#name(json, at, space);
    const listed = own(json, 'symbols');
    const symbols = texts(listed);
    if (symbols.length === 0 || (Array.isArray(listed) && symbols.length !== listed.length))
      throw this.#flaw(pointerTo(at, 'symbols'), 'a list of symbols', shown(listed));
    const seen = new Set<string>();
    for (const [index, symbol] of symbols.entries()) {
      const place = pointerTo(at, 'symbols', index);
      if (!NAME.test(symbol)) throw this.#flaw(place, 'a symbol of letters, digits and _', shown(symbol));
      if (seen.has(symbol)) throw this.#flaw(place, 'each symbol once', shown(symbol));
      seen.add(symbol);
    }
    const given = own(json, 'default');
    if (given !== undefined && !(typeof given === 'string' && symbols.includes(given)))
      throw this.#flaw(pointerTo(at, 'default'), 'one of the symbols', shown(given));
    const type: AvroType = {
      kind: 'enum',
      name,
      aliases,
      symbols,
      byDefault: typeof given === 'string' ? given : undefined,
    };
    this.#define(name, type, at);
    return type;
  }

  #fixed(json: PlainMap, at: string, space: string): AvroType {
    const { name, aliases } = this.#name(json, at, space);
    const size = own(json, 'size');
    if (typeof size !== 'number' || !Number.isInteger(size) || size < 0)
      throw this.#flaw(pointerTo(at, 'size'), 'a number of bytes', shown(size));
    const type: AvroType = { kind: 'fixed', name, aliases, size };
    this.#define(name, type, at);
    return type;
  }

  #name(json: PlainMap, at: string, space: string) {
    const written = own(json, 'name');
    if (typeof written !== 'string' || !FULL_NAME.test(written))
      throw this.#flaw(pointerTo(at, 'name'), 'a name of letters, digits and _', shown(written));
    const given = own(json, 'namespace');
    const around = typeof given === 'string' ? given : space;
    const isFull = written.includes('.');
    const inner = isFull ? written.slice(0, written.lastIndexOf('.')) : around;
    const full = (name: string): string => (name.includes('.') || inner === '' ? name : `${inner}.${name}`);
    return { name: full(written), inner, aliases: texts(own(json, 'aliases')).map(full) };
  }

  #define(name: string, type: AvroType, at: string): void {
    if (isPrimitive(name)) throw this.#flaw(pointerTo(at, 'name'), 'a name that no type of Avro has', shown(name));
    if (this.#named.has(name)) throw this.#flaw(pointerTo(at, 'name'), 'a name that no other type has', shown(name));
    this.#named.set(name, type);
  }

  #flaw(at: string, expected: string, found: string, write = '', suggestion?: string): CodecFlaws {
    const flaw: CodecFlaw = { file: this.#file, at, expected, found, write, suggestion };
    return new CodecFlaws([flaw]);
  }
}

const LONGEST = 60;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
