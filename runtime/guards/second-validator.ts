import { isMap, type PlainMap, under } from '#kit/json-value.ts';
import { pointerKeys } from '#kit/pointer.ts';
import { formatOf } from './formats.ts';

type Rule = (value: unknown, argument: unknown, schema: PlainMap, judge: Judge) => boolean;
type Judge = (value: unknown, schema: unknown) => string | undefined;

/** Words that say nothing of a value. */
const REMARKS: ReadonlySet<string> = new Set([
  '$schema',
  '$id',
  '$comment',
  '$defs',
  'definitions',
  'title',
  'description',
  'examples',
]);

const number =
  (holds: (value: number, bound: number) => boolean): Rule =>
  (value, bound) =>
    typeof value !== 'number' || (typeof bound === 'number' && holds(value, bound));
const text =
  (holds: (value: string, argument: unknown) => boolean): Rule =>
  (value, argument) =>
    typeof value !== 'string' || holds(value, argument);
const list =
  (holds: (value: readonly unknown[], argument: unknown) => boolean): Rule =>
  (value, argument) =>
    !Array.isArray(value) || holds(value, argument);

/** The keywords of a closed schema. Any other one is refused, not passed over. */
const RULES: Readonly<Record<string, Rule>> = {
  type: (value, wanted) => (Array.isArray(wanted) ? wanted : [wanted]).some((name) => isOfType(value, name)),
  const: (value, wanted) => isSame(value, wanted),
  enum: (value, wanted) => Array.isArray(wanted) && wanted.some((one) => isSame(value, one)),
  minimum: number((value, bound) => value >= bound),
  maximum: number((value, bound) => value <= bound),
  exclusiveMinimum: number((value, bound) => value > bound),
  exclusiveMaximum: number((value, bound) => value < bound),
  minLength: text((value, bound) => lengthOf(value) >= Number(bound)),
  maxLength: text((value, bound) => lengthOf(value) <= Number(bound)),
  pattern: text((value, pattern) => typeof pattern === 'string' && new RegExp(pattern, 'u').test(value)),
  format: text((value, name) => formatOf(name)?.(value) === true),
  minItems: list((value, bound) => value.length >= Number(bound)),
  maxItems: list((value, bound) => value.length <= Number(bound)),
  items: (value, schema, _, judge) => !Array.isArray(value) || value.every((item) => judge(item, schema) === undefined),
  properties: (value, schemas, _, judge) =>
    !isMap(value) ||
    (isMap(schemas) &&
      Object.entries(schemas).every(
        ([name, schema]) => !Object.hasOwn(value, name) || judge(value[name], schema) === undefined,
      )),
  required: (value, names) =>
    !isMap(value) || (Array.isArray(names) && names.every((name) => Object.hasOwn(value, String(name)))),
  additionalProperties: onlyKnown,
  unevaluatedProperties: onlyKnown,
};

/**
 * A validator of closed schemas, of its own code: it shares nothing with the compiled one, so that a fault of one of them lets nothing
 * out. Returns the first keyword that the value breaks; `unknown` for a keyword that is not of the closed subset.
 */
export function secondValidator(root: unknown): (value: unknown) => string | undefined {
  const judge: Judge = (value, schema) => {
    if (!isMap(schema)) return 'unknown';
    for (const [keyword, argument] of Object.entries(schema)) {
      if (REMARKS.has(keyword)) continue;
      if (keyword === '$ref') {
        const broken = judge(value, target(root, argument));
        if (broken !== undefined) return broken;
        continue;
      }
      const rule = Object.hasOwn(RULES, keyword) ? RULES[keyword] : undefined;
      if (rule === undefined) return 'unknown';
      if (!rule(value, argument, schema, judge)) return keyword;
    }
    return undefined;
  };
  return (value) => judge(value, root);
}

/** The keywords that a closed schema may have, beside those that say nothing of a value. */
export const CLOSED_KEYWORDS: ReadonlySet<string> = new Set([...Object.keys(RULES), ...REMARKS, '$ref']);

/** In code points, as JSON Schema counts. */
function lengthOf(given: string): number {
  return Array.from(given).length;
}

/** The schema behind a reference into the same file. */
function target(root: unknown, reference: unknown): unknown {
  if (typeof reference !== 'string' || !reference.startsWith('#')) return undefined;
  return reference === '#' ? root : under(root, pointerKeys(decodeURIComponent(reference.slice(1))));
}

function onlyKnown(value: unknown, argument: unknown, { properties }: PlainMap): boolean {
  if (!isMap(value)) return true;
  return argument === false && Object.keys(value).every((name) => isMap(properties) && Object.hasOwn(properties, name));
}

function isOfType(value: unknown, name: unknown): boolean {
  switch (name) {
    case 'null':
      return value === null;
    case 'integer':
      return Number.isSafeInteger(value);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isMap(value);
    default:
      return typeof value === name && (name === 'string' || name === 'boolean');
  }
}

/** Of values of JSON. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, at) => isSame(item, other[at]));
  }
  if (!isMap(one) || !isMap(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSame(one[name], other[name]))
  );
}
