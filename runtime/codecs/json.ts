import type { Codec, CodecKind, BodyRules, NumberRule } from '#contract/codec.ts';
import { isStackOverflow, SluiceError } from '#contract/errors.ts';
import { asBuffer } from '#kit/as-buffer.ts';
import { Decimals, FIRST_UNSAFE, isHeld, isWhole, MOST_DIGITS } from './json-numbers.ts';
import { isPlainBody, isPlainText } from './json-plain.ts';
import { fault, type NumberReader, readJson } from './json-reader.ts';
import { writeJson } from './json-writer.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });
/** How a byte order mark, and how bytes that are no UTF-8 are read. */
const MARK = 0xfeff;
const REPLACED = '\ufffd';
const JSON_TYPE = { name: 'json', contentType: 'application/json' };
const NO_BIGINTS = { bigints: false, decimals: undefined };

/** RFC 8259, numbers as doubles. Numbers that `isKept` refuses are searched for if an integer reaches `limit`. */
function doublesCodec(limit: number, isKept: (text: string, value: number) => boolean, depth: number): Codec {
  const numberOf: NumberReader = (text, path) => {
    const value = Number(text);
    if (isKept(text, value)) return value;
    throw fault('NUMBER_UNSAFE', `${isWhole(text) ? 'an integer' : 'a number'} that a double does not hold`, path);
  };
  return {
    ...JSON_TYPE,
    decode(bytes) {
      const text = textOf(bytes);
      const body = parsed(text);
      return isPlainText(text, body, limit, depth) ? body : readJson(text, numberOf, depth);
    },
    encode(body) {
      try {
        return Buffer.from(isPlainBody(body) ? JSON.stringify(body) : writeJson(body, NO_BIGINTS));
      } catch (thrown) {
        throw unwritable(body, thrown);
      }
    },
  };
}

/** Numbers exactly, in every body or in those alone that hold one which a double does not. */
function exactCodec(which: 'every' | 'where needed', depth: number): Codec {
  const decimals = new WeakMap<Uint8Array, Decimals>();
  return {
    ...JSON_TYPE,
    decode(bytes) {
      const text = textOf(bytes);
      const body = parsed(text);
      if (which === 'where needed' && isPlainText(text, body, FIRST_UNSAFE, depth)) return body;
      const exact = readExactly(text, depth);
      if (exact.decimals !== undefined) decimals.set(bytes, exact.decimals);
      return exact.body;
    },
    encode(body, source) {
      const written = source instanceof Uint8Array ? decimals.get(source) : undefined;
      try {
        const isPlain = written === undefined && isPlainBody(body);
        return Buffer.from(isPlain ? JSON.stringify(body) : writeJson(body, { bigints: true, decimals: written }));
      } catch (thrown) {
        throw unwritable(body, thrown);
      }
    },
  };
}

/**
 * One codec for each rule; all refuse duplicate keys. `keep` is for routes that send the source's own bytes: templates and
 * schemas read the numbers that go out, and only a body with such a number is read slowly.
 */
const MAKERS: Readonly<Record<NumberRule, (depth: number) => Codec>> = {
  reject: (depth) => doublesCodec(FIRST_UNSAFE, isHeld, depth),
  // The nearest double that exists: infinity is not near to any number.
  round: (depth) => doublesCodec(Number.POSITIVE_INFINITY, (_, value) => Number.isFinite(value), depth),
  exact: (depth) => exactCodec('every', depth),
  keep: (depth) => exactCodec('where needed', depth),
};

export function jsonUnder({ numbers, depth }: BodyRules): Codec {
  return MAKERS[numbers](depth);
}

/** One codec for each rule, for bodies of any depth. */
export const JSON_CODECS: Readonly<Record<NumberRule, Codec>> = {
  reject: MAKERS.reject(Number.POSITIVE_INFINITY),
  round: MAKERS.round(Number.POSITIVE_INFINITY),
  exact: MAKERS.exact(Number.POSITIVE_INFINITY),
  keep: MAKERS.keep(Number.POSITIVE_INFINITY),
};

/** RFC 8259. */
export const json: CodecKind = {
  ...JSON_CODECS.reject,
  description: 'JSON in UTF-8: an object, array, string, number, boolean or `null`.',
  mediaTypes: ['application/json'],
  hasFields: true,
  under: jsonUnder,
};

function textOf(bytes: Uint8Array): string {
  const text = asBuffer(bytes).toString();
  // The strict decoder costs twice as much, and most texts are ASCII: then the search ends at once.
  if (text.charCodeAt(0) !== MARK && !text.includes(REPLACED)) return text;
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Error('bytes that are not UTF-8');
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (thrown) {
    if (isStackOverflow(thrown)) throw thrown;
    // eslint-disable-next-line preserve-caught-error -- the cause quotes the payload
    throw new Error(place(thrown, text));
  }
}

/** Integers as bigints; of the other numbers doubles, and how they were written where a double would be written otherwise. */
function readExactly(text: string, depth: number): { readonly body: unknown; readonly decimals: Decimals | undefined } {
  const decimals = new Decimals();
  const body = readJson(
    text,
    (number, path) => {
      if (isWhole(number)) {
        if (number.length <= MOST_DIGITS) return BigInt(number);
        throw fault('NUMBER_UNSAFE', `an integer of ${number.length} characters, more than ${MOST_DIGITS},`, path);
      }
      const value = Number(number);
      decimals.add(value, number, path);
      return value;
    },
    depth,
  );
  return { body, decimals: decimals.whole === undefined ? undefined : decimals };
}

/**
 * Levels of nesting that are always written. Beyond them it depends on how much of the process's stack is left: the
 * engine writes JSON by recursion.
 */
export const MAX_DEPTH = 1000;

/** Why a body cannot be written, in words that quote nothing of it. */
function unwritable(body: unknown, thrown: unknown): Error {
  if (thrown instanceof SluiceError) return thrown;
  if (isStackOverflow(thrown)) {
    const text = `a body nested too deeply: ${depthOf(body)}; up to ${MAX_DEPTH} levels are always written`;
    return new SluiceError('BODY_TOO_DEEP', `expected a body that json can write, found ${text}`);
  }
  // The only other RangeError: a text of more than half a gigabyte.
  if (thrown instanceof RangeError) return new Error('a body whose JSON is longer than a text can be');
  return new Error('a value that JSON cannot hold');
}

/** How deep a body is nested, by its first branch that is deeper than the bound. Without recursion. */
function depthOf(body: unknown): string {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value: body, depth: 0 }];
  let deepest = 0;
  for (let looked = 0; looked < MAX_LOOKED; looked += 1) {
    const top = open.pop();
    if (top === undefined) return `${deepest} levels`;
    if (typeof top.value !== 'object' || top.value === null) continue;
    deepest = Math.max(deepest, top.depth + 1);
    for (const value of valuesOf(top.value)) open.push({ value, depth: top.depth + 1 });
  }
  return `${deepest} levels or more`;
}

function valuesOf(value: object): readonly unknown[] {
  try {
    return Object.values(value);
  } catch {
    // A getter of an integrator's that throws.
    return [];
  }
}

/** Values that are visited to measure the depth of a body. The bound keeps one message from delaying the others. */
const MAX_LOOKED = 1_000_000;

/** The end of V8's messages that tell a position and quote nothing. The others end with words of their own, whatever they quote. */
const POSITION = /JSON at position (\d+)(?: \(line \d+ column \d+\))?$/;

// The engine's own message quotes the payload, which may not leave the bridge: only the position is taken from it.
function place(thrown: unknown, text: string): string {
  if (text.length === 0) return 'an empty body';
  const message = thrown instanceof Error ? thrown.message : '';
  const position = POSITION.exec(message)?.[1];
  if (message.startsWith('Unexpected end') || Number(position) >= text.length)
    return `JSON that ends too early, after ${text.length} characters`;
  return position === undefined ? 'text that is no JSON' : `no JSON from character ${position} on`;
}
