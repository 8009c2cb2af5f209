import { types } from 'node:util';
import type { JsonValue } from '@bufbuild/protobuf';
import { faultAt, unsafeName } from '../body-place.ts';
import { standingFor } from '../opaque.ts';

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
    case 'bigint': {
      // A number also where any value may stand (google.protobuf.Value): a text would stay one.
      const near = Number(value);
      return Number.isSafeInteger(near) ? near : String(value);
    }
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
  const standing = standingFor(value, String(steps.at(-1) ?? ''));
  if ('refused' in standing) throw fault(standing.refused, steps);
  if (standing.value !== value) return standIn(standing.value, steps);
  return members(value, steps);
}

/** What toJSON returns is written as it is, whatever toJSON it has itself. */
function standIn(value: unknown, steps: (string | number)[]): JsonValue {
  const isHolder = typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
  return isHolder ? members(value, steps) : converted(value, steps);
}

function members(value: object, steps: (string | number)[]): JsonValue {
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
