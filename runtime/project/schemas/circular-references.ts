import { asList, asMap, isMap, own, under } from '#kit/json-value.ts';
import { pointerKeys, pointerTo } from '#kit/pointer.ts';
import type { SchemaFlaw } from './schema-flaws.ts';
import {
  baseOf,
  type Reference,
  referencesIn,
  resolvedUri,
  type SchemaFile,
  type SchemaNames,
} from './schema-names.ts';

/** A place in a file. */
interface Place {
  readonly file: SchemaFile;
  readonly pointer: string;
}

const LISTS = ['allOf', 'anyOf', 'oneOf'];
const ONES = ['not', 'if', 'then', 'else'];

/**
 * References that lead back to themselves without a step into the body: judged by such a schema, every body would take all of the stack.
 */
export function circularReferences(file: SchemaFile, names: SchemaNames): readonly SchemaFlaw[] {
  return referencesIn(file)
    .filter((reference) => leadsBack({ file, pointer: reference.at }, reference.target, names))
    .map(({ at, text }) => ({
      at: pointerTo(at, '$ref'),
      expected: 'a reference that does not lead back to itself at the same place of the body',
      found: JSON.stringify(text),
      write: 'nothing: remove it, or refer from within properties or items',
    }));
}

function leadsBack(holder: Place, target: string, names: SchemaNames): boolean {
  const start = keyOf(holder);
  const met = new Set<string>();
  const waiting = [target];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const file = names.fileOf(next);
    const pointer = names.pointerOf(next);
    if (file === undefined || pointer === undefined) continue;
    for (const [place, reference] of referencesAtOnce({ file, pointer })) {
      if (keyOf(place) === start) return true;
      if (met.has(keyOf(place))) continue;
      met.add(keyOf(place));
      waiting.push(reference);
    }
  }
  return false;
}

function keyOf({ file, pointer }: Place): string {
  return `${file.name}#${pointer}`;
}

/** The references that judge the very value that the schema at this place judges. */
function* referencesAtOnce({ file, pointer }: Place): Generator<readonly [place: Place, target: Reference['target']]> {
  const schema = under(file.schema, pointerKeys(pointer));
  if (!isMap(schema)) return;
  const text = own(schema, '$ref');
  if (typeof text === 'string') yield [{ file, pointer }, resolvedUri(baseOf(file), text)];
  const inner = [
    ...LISTS.flatMap((word) => asList(own(schema, word)).map((_, index) => pointerTo(pointer, word, index))),
    ...ONES.filter((word) => isMap(own(schema, word))).map((word) => pointerTo(pointer, word)),
    ...Object.keys(asMap(own(schema, 'dependentSchemas'))).map((name) => pointerTo(pointer, 'dependentSchemas', name)),
  ];
  for (const at of inner) yield* referencesAtOnce({ file, pointer: at });
}
