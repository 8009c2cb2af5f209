import type { Codec } from '#contract/codec.ts';
import { isStackOverflow, SluiceError } from '#contract/errors.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** RFC 8259. */
export const json: Codec = {
  name: 'json',
  contentType: 'application/json',
  decode(bytes) {
    let text: string;
    try {
      text = decoder.decode(bytes);
    } catch {
      throw new Error('bytes that are not UTF-8');
    }
    try {
      return JSON.parse(text) as unknown;
    } catch (thrown) {
      if (isStackOverflow(thrown)) throw thrown;
      // eslint-disable-next-line preserve-caught-error -- the cause quotes the payload
      throw new Error(place(thrown, text));
    }
  },
  encode(body) {
    let text: string | undefined;
    try {
      text = JSON.stringify(body) as string | undefined;
    } catch (thrown) {
      throw unwritable(body, thrown);
    }
    if (text === undefined) throw new Error(`a ${typeof body}`);
    return Buffer.from(text);
  },
};

/**
 * Levels of nesting that are always written. Beyond them it depends on how much of the process's stack is left: the
 * engine writes JSON by recursion.
 */
export const MAX_DEPTH = 1000;

/** Why a body cannot be written, in words that quote nothing of it. */
function unwritable(body: unknown, thrown: unknown): Error {
  if (isStackOverflow(thrown)) {
    const text = `a body nested too deeply: ${depthOf(body)}; up to ${MAX_DEPTH} levels are always written`;
    return new SluiceError('BODY_TOO_DEEP', `expected a body that json can write, found ${text}`);
  }
  // The other one that there is: a text of more than half a gigabyte.
  if (thrown instanceof RangeError) return new Error('a body whose JSON is longer than a text can be');
  return new Error('a value that JSON cannot hold: a bigint, one that contains itself, or one whose toJSON throws');
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

/** Values that are looked at to say how deep a body is: a message may not hold up the others for the sake of a number. */
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
