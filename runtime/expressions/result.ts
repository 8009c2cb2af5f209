import type { SluiceError } from '#contract/errors.ts';
import type { ExpressionUse } from '#contract/expression.ts';

/** Makes the error of a value that no body can hold. */
type Fail = (found: string) => SluiceError;

/** Of one result. A loop that yields the same list for each element makes the product of the two of a small body. */
const MOST_VALUES = 1_000_000;

interface Copying {
  readonly use: Pick<ExpressionUse, 'hasBigints'>;
  readonly fail: Fail;
  /** Values that the result may still hold. */
  left: number;
}

/** The value of an expression as bodies hold it: plain data of its own. Times are RFC 3339, durations seconds: `5400s`. */
export function bodyValue(value: unknown, use: Pick<ExpressionUse, 'hasBigints'>, fail: Fail): unknown {
  if (isScalar(value)) return value;
  return copied(value, { use, fail, left: MOST_VALUES });
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function copied(value: unknown, copying: Copying): unknown {
  const { use, fail } = copying;
  copying.left -= 1;
  if (copying.left < 0) throw fail(`a result of more than ${MOST_VALUES} values`);
  if (isScalar(value)) return value;
  if (typeof value === 'bigint') return integer(value, use, fail);
  if (typeof value === 'object' && value !== null) return holder(value, copying);
  throw fail(`a ${typeof value}, which no body holds`);
}

function integer(value: bigint, { hasBigints }: Pick<ExpressionUse, 'hasBigints'>, fail: Fail): unknown {
  if (hasBigints) return value;
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw fail('an integer beyond 2^53, which the numbers of this route do not hold');
}

function holder(value: object, copying: Copying): unknown {
  const { use, fail } = copying;
  if (Array.isArray(value)) return value.map((each) => copied(each, copying));
  if (value instanceof Uint8Array) return value;
  if (value instanceof Date) return value.toISOString();
  const prototype: unknown = Object.getPrototypeOf(value);
  if (value instanceof Map || prototype === Object.prototype || prototype === null) {
    const entries: Iterable<[unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
    return Object.fromEntries([...entries].map(([key, each]) => [String(key), copied(each, copying)]));
  }
  // The library's unsigned integers and durations, in milliseconds.
  const plain: unknown = value.valueOf();
  if (typeof plain === 'bigint') return integer(plain, use, fail);
  if (typeof plain === 'number') return `${plain / 1000}s`;
  throw fail('a type, which no body holds');
}
