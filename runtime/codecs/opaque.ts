import { types } from 'node:util';

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
