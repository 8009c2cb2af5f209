import { types } from 'node:util';
import type { JsonValue } from '@bufbuild/protobuf';
import { faultAt, unsafeName } from '../body-place.ts';

const MOST_LEVELS = 100;

/** A result of a function as ProtoJSON: bytes as base64, integers as texts, dates as RFC 3339, NaN and infinity as their names. */
export function asProtoJson(body: unknown): JsonValue {
  return converted(body, []);
}

function converted(value: unknown, steps: (string | number)[]): JsonValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? null : object(value, steps);
    case 'undefined':
      throw fault('undefined', steps, ': leave it out, or return null');
    case 'function':
    case 'symbol':
      throw fault(`a ${typeof value}`, steps);
  }
}

function object(value: object, steps: (string | number)[]): JsonValue {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64');
  if (types.isDate(value)) {
    if (Number.isNaN(value.getTime())) throw fault('an invalid Date', steps);
    return value.toISOString();
  }
  if (types.isMap(value) || types.isSet(value) || types.isPromise(value) || types.isArrayBufferView(value))
    throw fault('an object that is no plain one', steps);
  if (steps.length >= MOST_LEVELS) {
    throw faultAt('BODY_TOO_DEEP', 'a body that protobuf can write', `more than ${MOST_LEVELS} levels`, steps);
  }
  const member = (step: string | number, inner: unknown): JsonValue => {
    steps.push(step);
    const made = converted(inner, steps);
    steps.pop();
    return made;
  };
  if (Array.isArray(value)) return value.map((item, index) => member(index, item));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const danger = unsafeName(name, steps.at(-1));
      if (danger !== undefined)
        throw faultAt('BODY_UNSAFE', 'a body that protobuf can write', danger, [...steps, name]);
      return [name, member(name, inner)];
    }),
  );
}

function fault(found: string, steps: readonly (string | number)[], advice = '') {
  return faultAt('ENCODE_FAILED', 'a body that protobuf can write', found, steps, advice);
}
