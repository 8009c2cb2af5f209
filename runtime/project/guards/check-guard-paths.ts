import { asList, asMap, isMap, own, under } from '#kit/json-value.ts';
import { nearestName } from '#kit/nearest.ts';
import { pointerKeys, pointerTo } from '#kit/pointer.ts';
import type { FindingList } from '../check/finding-list.ts';

interface GuardSchemas {
  readonly in: unknown;
  readonly out: unknown;
}

/** A field that a word of a guard names, and what the word does with it. */
interface Named {
  readonly at: string;
  readonly path: unknown;
  /** The schema that must have it: what comes, or what leaves. */
  readonly side: 'in' | 'out';
  /** Types that the word can work on; none: any. */
  readonly types: readonly string[];
}

/**
 * Refuses a field that the schemas of the guard do not have: a step that names one does nothing, so that what it should make coarse
 * would leave as it came.
 */
export function checkGuardPaths(
  guardAt: string,
  guard: Readonly<Record<string, unknown>>,
  schemas: GuardSchemas,
  findings: FindingList,
): void {
  for (const { at, path, side, types } of fieldsOf(guardAt, guard)) {
    const schema = schemas[side];
    if (typeof path !== 'string' || schema === undefined || findings.isClaimed(at)) continue;
    const { field, names } = fieldIn(schema, path.split('.'));
    const where = side === 'in' ? 'what comes' : 'what leaves';
    if (field === undefined) {
      const suggestion = nearestName(path, names);
      const expected = `a field of ${where}, of the schema ${String(own(guard, side))}`;
      findings.add({
        code: 'WRONG_VALUE',
        at,
        expected,
        found: path,
        write: suggestion ?? names.join(', '),
        suggestion,
      });
      continue;
    }
    const others = typesIn(field).filter((type) => types.length > 0 && !types.includes(type));
    if (others.length === 0) continue;
    const expected = `a field of type ${types.join(' or ')}`;
    findings.add({
      code: 'WRONG_VALUE',
      at,
      expected,
      found: `${path}, a ${others.join(' or ')}`,
      write: 'another field',
    });
  }
}

function* fieldsOf(at: string, guard: Readonly<Record<string, unknown>>): Generator<Named> {
  for (const [index, step] of asList(own(guard, 'steps')).entries()) {
    const [kind = ''] = Object.keys(asMap(step));
    const value = own(asMap(step), kind);
    const stepAt = pointerTo(at, 'steps', index, kind);
    const types = STEP_TYPES.get(kind);
    const listAt = kind === 'allowFields' ? stepAt : pointerTo(stepAt, 'fields');
    const paths = asList(kind === 'allowFields' ? value : own(asMap(value), 'fields'));
    for (const [position, path] of paths.entries()) {
      const place = pointerTo(listAt, position);
      if (kind === 'allowFields') yield { at: place, path, side: 'in', types: [] };
      else if (types !== undefined) yield { at: place, path, side: 'out', types };
    }
  }
  yield { at: pointerTo(at, 'key'), path: own(guard, 'key'), side: 'out', types: ['string', 'number', 'integer'] };
}

const STEP_TYPES: ReadonlyMap<string, readonly string[]> = new Map([
  ['round', ['number', 'integer']],
  ['time', ['string']],
]);

/** The schema of a field, through lists and references within the file; and the names of the fields that there are instead. */
function fieldIn(
  root: unknown,
  path: readonly string[],
): { readonly field: unknown; readonly names: readonly string[] } {
  let at = beneath(root, root);
  for (const [position, name] of path.entries()) {
    const properties = asMap(own(asMap(at), 'properties'));
    const found = own(properties, name);
    const before = path.slice(0, position);
    if (found === undefined)
      return { field: undefined, names: Object.keys(properties).map((one) => [...before, one].join('.')) };
    at = beneath(root, found);
  }
  return { field: at, names: [] };
}

/** Longer than any chain of references that means something. */
const MOST_STEPS = 100;

function beneath(root: unknown, schema: unknown): unknown {
  let at = schema;
  for (let steps = 0; steps < MOST_STEPS; steps += 1) {
    const { $ref: reference, items } = asMap(at);
    if (typeof reference === 'string' && reference.startsWith('#')) at = under(root, pointerKeys(reference.slice(1)));
    else if (isMap(items)) at = items;
    else return at;
  }
  return undefined;
}

function typesIn(schema: unknown): readonly string[] {
  const { type, enum: listed, const: only } = asMap(schema);
  if (type !== undefined) return (Array.isArray(type) ? type : [type]).map(String);
  const values = Array.isArray(listed) ? listed : only === undefined ? [] : [only];
  return [...new Set(values.map((value) => typeof value))];
}
