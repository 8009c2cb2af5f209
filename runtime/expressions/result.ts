import type { SluiceError } from '#contract/errors.ts';
import type { ExpressionUse } from '#contract/expression.ts';

/** Makes the error of a value that no body can hold. */
type Fail = (found: string) => SluiceError;

/** The value of an expression as bodies hold it: plain data of its own. Times are RFC 3339, durations seconds: `5400s`. */
export function bodyValue(value: unknown, use: Pick<ExpressionUse, 'hasBigints'>, fail: Fail): unknown {
  if (typeof value === 'bigint') return integer(value, use, fail);
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  if (typeof value === 'object') return holder(value, use, fail);
  throw fail(`a ${typeof value}, which no body holds`);
}

function integer(value: bigint, { hasBigints }: Pick<ExpressionUse, 'hasBigints'>, fail: Fail): unknown {
  if (hasBigints) return value;
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw fail('an integer beyond 2^53, which the numbers of this route do not hold');
}

function holder(value: object, use: Pick<ExpressionUse, 'hasBigints'>, fail: Fail): unknown {
  if (Array.isArray(value)) return value.map((each) => bodyValue(each, use, fail));
  if (value instanceof Uint8Array) return value;
  if (value instanceof Date) return value.toISOString();
  const prototype: unknown = Object.getPrototypeOf(value);
  if (value instanceof Map || prototype === Object.prototype || prototype === null) {
    const entries: Iterable<[unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
    return Object.fromEntries([...entries].map(([key, each]) => [String(key), bodyValue(each, use, fail)]));
  }
  // The library's unsigned integers and durations, in milliseconds.
  const plain: unknown = value.valueOf();
  if (typeof plain === 'bigint') return integer(plain, use, fail);
  if (typeof plain === 'number') return `${plain / 1000}s`;
  throw fail('a type, which no body holds');
}
