import { types } from 'node:util';
import { isStackOverflow, SluiceError } from '#contract/errors.ts';
import { faultAt, unsafeName } from './body-place.ts';
import type { Decimals, NumberTexts } from './json-numbers.ts';
import { OPAQUE, type OpaqueKind } from './opaque.ts';

/** The differences from JSON.stringify in the writing of a body. */
export interface Writing {
  /** A bigint as its digits; else it is refused. */
  readonly bigints: boolean;
  /** How numbers were written in the body that it was made of. */
  readonly decimals: Decimals | undefined;
}

/**
 * The JSON of a body as JSON.stringify writes it; but a value that it leaves out or writes as null or {} is refused, with its
 * place. Throws ENCODE_FAILED or BODY_UNSAFE, and passes on a stack overflow.
 */
export function writeJson(body: unknown, writing: Writing): string {
  return new Writer(writing).write(body);
}

const OPAQUE_IN_JSON: readonly OpaqueKind[] = [
  ...OPAQUE,
  [types.isArrayBufferView, 'an array of bytes'],
  [types.isMapIterator, 'an iterator'],
  [types.isSetIterator, 'an iterator'],
];

/** Made by JSON.rawJSON: text that is written as it is. */
function isRaw(value: object): boolean {
  const isRawJson: unknown = Reflect.get(JSON, 'isRawJSON');
  return typeof isRawJson === 'function' && isRawJson(value) === true;
}

function isFunction(value: unknown): value is (name: string) => unknown {
  return typeof value === 'function';
}

const WHAT_TO_WRITE: Readonly<Record<string, string>> = {
  undefined: 'leave it out, or write null',
  bigint: 'write json: { numbers: exact } in the route, or return its text',
};

class Writer {
  readonly #writing: Writing;
  readonly #path: (string | number)[] = [];
  readonly #open = new Set<object>();

  constructor(writing: Writing) {
    this.#writing = writing;
  }

  write(body: unknown): string {
    return this.#value(body, '', this.#writing.decimals?.whole);
  }

  #value(given: unknown, name: string | number, at: NumberTexts | string | undefined): string {
    const value = this.#asJson(given, name);
    switch (typeof value) {
      case 'string':
        return JSON.stringify(value);
      case 'boolean':
        return String(value);
      case 'number':
        return this.#number(value, at);
      case 'bigint':
        if (this.#writing.bigints) return String(value);
        return this.#refuse('a bigint', 'bigint');
      case 'object':
        if (value === null) return 'null';
        return isRaw(value) ? JSON.stringify(value) : this.#holder(value, typeof at === 'string' ? undefined : at);
      case 'undefined':
        return this.#refuse('undefined', 'undefined');
      case 'function':
      case 'symbol':
        return this.#refuse(`a ${typeof value}`);
    }
  }

  /** The value that JSON.stringify would write: the result of `toJSON`, or the primitive in a box. */
  #asJson(value: unknown, name: string | number): unknown {
    if ((typeof value !== 'object' || value === null) && typeof value !== 'bigint') return value;
    const toJson: unknown = Reflect.get(Object(value), 'toJSON');
    if (isFunction(toJson)) return this.#unboxed(this.#call(toJson, value, String(name)));
    return this.#unboxed(value);
  }

  #call(toJson: (name: string) => unknown, value: unknown, name: string): unknown {
    try {
      const made: unknown = Reflect.apply(toJson, value, [name]);
      // A date that is none.
      if (made === null && types.isDate(value)) return this.#refuse('an invalid Date');
      return made;
    } catch (thrown) {
      if (thrown instanceof SluiceError || isStackOverflow(thrown)) throw thrown;
      return this.#refuse('a value whose toJSON throws');
    }
  }

  #unboxed(value: unknown): unknown {
    return types.isBoxedPrimitive(value) ? value.valueOf() : value;
  }

  #number(value: number, at: NumberTexts | string | undefined): string {
    const text = this.#writing.decimals?.textOf(value, at);
    if (text !== undefined) return text;
    if (!Number.isFinite(value)) return this.#refuse(String(value));
    return JSON.stringify(value);
  }

  #holder(holder: object, place: NumberTexts | undefined): string {
    if (this.#open.has(holder)) return this.#refuse('an object that contains itself');
    const opaque = OPAQUE_IN_JSON.find(([is]) => is(holder));
    if (opaque !== undefined) return this.#refuse(opaque[1]);
    this.#open.add(holder);
    const text = Array.isArray(holder) ? this.#list(holder, place) : this.#map(holder, place);
    this.#open.delete(holder);
    return text;
  }

  #list(list: readonly unknown[], place: NumberTexts | undefined): string {
    let text = '[';
    for (let index = 0; index < list.length; index += 1) {
      if (index > 0) text += ',';
      this.#path.push(index);
      text += this.#value(list[index], index, place?.get(index));
      this.#path.pop();
    }
    return `${text}]`;
  }

  #map(map: object, place: NumberTexts | undefined): string {
    let text = '{';
    for (const name of Object.keys(map)) {
      this.#path.push(name);
      const danger = unsafeName(name, this.#path.at(-2));
      if (danger !== undefined) throw this.#fault('BODY_UNSAFE', danger);
      if (text.length > 1) text += ',';
      text += `${JSON.stringify(name)}:${this.#value(this.#member(map, name), name, place?.get(name))}`;
      this.#path.pop();
    }
    return `${text}}`;
  }

  #member(map: object, name: string): unknown {
    try {
      return Reflect.get(map, name);
    } catch (thrown) {
      if (isStackOverflow(thrown)) throw thrown;
      return this.#refuse('a value that throws when it is read');
    }
  }

  #refuse(what: string, kind = ''): never {
    const advice = WHAT_TO_WRITE[kind];
    throw this.#fault('ENCODE_FAILED', what, advice === undefined ? '' : `: ${advice}`);
  }

  #fault(code: 'ENCODE_FAILED' | 'BODY_UNSAFE', what: string, advice = ''): SluiceError {
    return faultAt(code, 'a body that json can write', what, this.#path, advice);
  }
}
