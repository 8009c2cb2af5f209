import type { SluiceError } from '#contract/errors.ts';
import { faultAt, unsafeName } from './body-place.ts';
import type { NumberTexts } from './json-numbers.ts';

/** An object or list that is being read, the name or index of the member that is read, and a place for a reader of numbers. */
export interface OpenHolder {
  readonly holder: unknown[] | Record<string, unknown>;
  step: string | number;
  place: NumberTexts | undefined;
}

/** Makes a value of a number's text. `path`: the objects and lists around it, outermost first. */
export type NumberReader = (text: string, path: readonly OpenHolder[]) => unknown;

const BACKSLASH = '\\';
const SPACE = 32;
const NUMBER = /[-+.\deE]*/y;

/**
 * Reads a text that JSON.parse has read, and finds what JSON.parse hides: how numbers are written, duplicate keys, and keys
 * that change every object once a body is merged into another. In time proportional to the text, without recursion. Throws BODY_UNSAFE,
 * BODY_TOO_DEEP beyond `depth` levels, DECODE_FAILED, and what `numberOf` throws.
 */
export function readJson(text: string, numberOf: NumberReader, depth = Number.POSITIVE_INFINITY): unknown {
  return new Reader(text, numberOf, depth).read();
}

/** A failure of the value at the end of the path. */
export function fault(
  code: 'BODY_TOO_DEEP' | 'BODY_UNSAFE' | 'DECODE_FAILED' | 'NUMBER_UNSAFE',
  found: string,
  path: readonly OpenHolder[],
): SluiceError {
  return faultAt(
    code,
    'json',
    found,
    path.map(({ step }) => step),
  );
}

class Reader {
  readonly #text: string;
  readonly #numberOf: NumberReader;
  readonly #depth: number;
  readonly #path: OpenHolder[] = [];
  #at = 0;

  constructor(text: string, numberOf: NumberReader, depth: number) {
    this.#text = text;
    this.#numberOf = numberOf;
    this.#depth = depth;
  }

  read(): unknown {
    for (;;) {
      let value = this.#begin();
      // Undefined: an object or list was opened, and its first value comes next.
      while (value !== undefined) {
        const open = this.#path.at(-1);
        if (open === undefined) return value;
        put(open, value);
        value = this.#next(open);
      }
    }
  }

  #begin(): unknown {
    const first = this.#skip();
    if (first === '{' || first === '[') {
      if (this.#path.length >= this.#depth) {
        throw fault('BODY_TOO_DEEP', `more than ${this.#depth} levels`, this.#path);
      }
      this.#at += 1;
      const isEmpty = this.#skip() === (first === '{' ? '}' : ']');
      if (isEmpty) {
        this.#at += 1;
        return first === '{' ? {} : [];
      }
      const open: OpenHolder = { holder: first === '{' ? {} : [], step: 0, place: undefined };
      this.#path.push(open);
      if (first === '{') this.#name(open);
      return undefined;
    }
    if (first === '"') return this.#string();
    if (first === 't') return this.#word('true', true);
    if (first === 'f') return this.#word('false', false);
    if (first === 'n') return this.#word('null', null);
    NUMBER.lastIndex = this.#at;
    const [text = ''] = NUMBER.exec(this.#text) ?? [];
    this.#at += text.length;
    return this.#numberOf(text, this.#path);
  }

  /** Behind a value: the holder, where that was its last; undefined where another one follows. */
  #next(open: OpenHolder): unknown {
    const mark = this.#skip();
    this.#at += 1;
    if (mark !== ',') {
      this.#path.pop();
      return open.holder;
    }
    if (typeof open.step === 'number') open.step += 1;
    else this.#name(open);
    return undefined;
  }

  #name(open: OpenHolder): void {
    this.#skip();
    const name = this.#string();
    this.#skip();
    this.#at += 1;
    open.step = name;
    const danger = unsafeName(name, this.#path.at(-2)?.step);
    if (danger !== undefined) throw fault('BODY_UNSAFE', danger, this.#path);
    if (Object.hasOwn(open.holder, name)) throw fault('DECODE_FAILED', 'a duplicate key', this.#path);
  }

  #string(): string {
    const from = this.#at;
    let end = this.#text.indexOf('"', from + 1);
    while (this.#isEscaped(end)) end = this.#text.indexOf('"', end + 1);
    this.#at = end + 1;
    const inside = this.#text.slice(from + 1, end);
    return inside.includes(BACKSLASH) ? String(JSON.parse(`"${inside}"`)) : inside;
  }

  #isEscaped(end: number): boolean {
    let before = end;
    while (this.#text[before - 1] === BACKSLASH) before -= 1;
    return (end - before) % 2 === 1;
  }

  #word<Value>(word: string, value: Value): Value {
    this.#at += word.length;
    return value;
  }

  #skip(): string | undefined {
    while (this.#text.charCodeAt(this.#at) <= SPACE) this.#at += 1;
    return this.#text[this.#at];
  }
}

function put({ holder, step }: OpenHolder, value: unknown): void {
  if (Array.isArray(holder)) holder.push(value);
  else holder[step] = value;
}
