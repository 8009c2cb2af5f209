import { Refusal } from './step.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const BLANK = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const UNSAFE_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
const WORDS = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const;

export interface JsonBounds {
  readonly maxBytes: number;
  readonly maxDepth: number;
}

/**
 * Reads JSON with nothing left to the reader's taste (RFC 8259, I-JSON): UTF-8 without a mark, no name twice, no number that a double
 * does not hold, no half of a surrogate pair, no name that changes objects. A second reader beside the codec of the route, of its
 * own code. Throws Refusal.
 */
export function readStrictly(bytes: Uint8Array, { maxBytes, maxDepth }: JsonBounds): unknown {
  if (bytes.length > maxBytes) throw new Refusal('too-many-bytes');
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw new Refusal('no-utf8');
  }
  return new StrictReader(text, maxDepth).read();
}

class StrictReader {
  readonly #text: string;
  readonly #maxDepth: number;
  #at = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  read(): unknown {
    const value = this.#value(1);
    this.#skip();
    if (this.#at < this.#text.length) throw new Refusal('no-json');
    return value;
  }

  #value(depth: number): unknown {
    this.#skip();
    const first = this.#text[this.#at];
    if (first === '{' || first === '[') {
      if (depth > this.#maxDepth) throw new Refusal('too-deep');
      this.#at += 1;
      return first === '{' ? this.#object(depth) : this.#list(depth);
    }
    if (first === '"') return this.#string();
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    return this.#number();
  }

  #object(depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    if (this.#takes('}')) return object;
    do {
      this.#skip();
      const name = this.#string();
      if (UNSAFE_NAMES.has(name)) throw new Refusal('unsafe-name');
      if (Object.hasOwn(object, name)) throw new Refusal('name-twice');
      if (!this.#takes(':')) throw new Refusal('no-json');
      object[name] = this.#value(depth + 1);
    } while (this.#takes(','));
    if (!this.#takes('}')) throw new Refusal('no-json');
    return object;
  }

  #list(depth: number): unknown[] {
    const list: unknown[] = [];
    if (this.#takes(']')) return list;
    do list.push(this.#value(depth + 1));
    while (this.#takes(','));
    if (!this.#takes(']')) throw new Refusal('no-json');
    return list;
  }

  #number(): number {
    NUMBER.lastIndex = this.#at;
    const [text] = NUMBER.exec(this.#text) ?? [];
    if (text === undefined) throw new Refusal('no-json');
    this.#at += text.length;
    const value = Number(text);
    if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) throw new Refusal('number');
    // Minus zero is zero: two texts of one number must not leave as two.
    return value + 0;
  }

  #string(): string {
    if (this.#text[this.#at] !== '"') throw new Refusal('no-json');
    let end = this.#at + 1;
    while (this.#text[end] !== '"') {
      if (end >= this.#text.length) throw new Refusal('no-json');
      end += this.#text[end] === '\\' ? 2 : 1;
    }
    const quoted = this.#text.slice(this.#at, end + 1);
    this.#at = end + 1;
    let text: unknown;
    try {
      text = JSON.parse(quoted);
    } catch {
      throw new Refusal('no-json');
    }
    if (typeof text !== 'string' || !text.isWellFormed()) throw new Refusal('text');
    return text;
  }

  #takes(mark: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== mark) return false;
    this.#at += 1;
    return true;
  }

  #skip(): void {
    BLANK.lastIndex = this.#at;
    BLANK.test(this.#text);
    this.#at = BLANK.lastIndex;
  }
}
