import type { BodyRules } from '#contract/codec.ts';
import { SluiceError } from '#contract/errors.ts';
import { pointerOf, shownPointer } from '#kit/pointer.ts';

/** The most levels of lists and maps within one another that a body may have. */
export const MOST_LEVELS = 1000;
/** The rules where a route says nothing. */
export const USUAL_RULES: BodyRules = { numbers: 'reject', depth: MOST_LEVELS };

export type BodyCode = 'BODY_TOO_DEEP' | 'BODY_UNSAFE' | 'DECODE_FAILED' | 'ENCODE_FAILED' | 'NUMBER_UNSAFE';

/** A failure at the value that these steps lead to. `expected` begins the text: `cbor`, `a body that cbor can write`. */
export function faultAt(
  code: BodyCode,
  expected: string,
  found: string,
  steps: readonly (string | number)[],
  advice = '',
): SluiceError {
  const pointer = pointerOf(steps);
  const at = pointer === undefined ? 'at a place deep within' : `at ${shownPointer(pointer)}`;
  return new SluiceError(code, `expected ${expected}, found ${found} ${at}${advice}`, {
    place: pointer === undefined ? {} : { pointer },
  });
}

/** The danger of a member of this name, one that changes every object once a body is merged into another. `around`: the name of its map. */
export function unsafeName(name: string, around: string | number | undefined): string | undefined {
  if (name === '__proto__') return 'a __proto__ key';
  return name === 'prototype' && around === 'constructor' ? 'a constructor.prototype key' : undefined;
}
