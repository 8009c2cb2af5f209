import { types } from 'node:util';
import { isStackOverflow } from '#contract/errors.ts';

export type OpaqueKind = readonly [is: (value: unknown) => boolean, name: string];

/** Objects whose content is not in their members, so that a codec would write them as empty. */
export const OPAQUE: readonly OpaqueKind[] = [
  [types.isMap, 'a Map'],
  [types.isSet, 'a Set'],
  [types.isWeakMap, 'a WeakMap'],
  [types.isWeakSet, 'a WeakSet'],
  [types.isPromise, 'a Promise'],
  [types.isRegExp, 'a RegExp'],
  [types.isNativeError, 'an Error'],
  [types.isAnyArrayBuffer, 'an ArrayBuffer'],
  [types.isGeneratorObject, 'a generator'],
];

const OPAQUE_WITH_SCHEMA: readonly OpaqueKind[] = [...OPAQUE, [types.isArrayBufferView, 'an array of numbers']];

/** What a value stands for where a schema says what it must be: the result of its toJSON, the primitive in a box. */
export type Standing = { readonly value: unknown } | { readonly refused: string };

/** `value`: neither bytes nor a date. */
export function standingFor(value: object, name: string): Standing {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null && !Array.isArray(value)) {
    if (types.isBoxedPrimitive(value)) return { value: value.valueOf() };
    const opaque = OPAQUE_WITH_SCHEMA.find(([is]) => is(value));
    if (opaque !== undefined) return { refused: opaque[1] };
  }
  try {
    const toJson: unknown = Reflect.get(value, 'toJSON');
    return { value: typeof toJson === 'function' ? Reflect.apply(toJson, value, [name]) : value };
  } catch (thrown) {
    if (isStackOverflow(thrown)) throw thrown;
    return { refused: 'a value whose toJSON throws' };
  }
}
