import { asMap } from '#kit/json-value.ts';
import { baseOf, type SchemaFile, SchemaNames } from '../schemas/schema-names.ts';
import { declaration } from './print-type.ts';
import { descriptionOf, type Type, typeOfSchema } from './schema-type.ts';
import { TypeNames } from './type-names.ts';

/** Types of a project's schemas. */
export interface SchemaTypes {
  /** The text of `schemas/types.d.ts`. */
  readonly text: string;
  /** The name of the type of each schema. */
  readonly types: ReadonlyMap<string, string>;
}

const BANNER = '// Made by `sluice types` of the schemas beside it. `sluice check` compares it with them.\n';

/**
 * The types of all these schemas: `track.v1` is `TrackV1`, and `Track` is the newest version. The same files give the same text,
 * in whatever order they come.
 */
export function schemaTypes(files: readonly SchemaFile[]): SchemaTypes {
  const sorted = files.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const given = new TypeNames();
  const types = new Map(sorted.map(({ name }) => [name, given.give(name, '')]));
  const declared = declarations(sorted, types, given);
  const aliases = [...given.newest(types)].map(([alias, type]) => `export type ${alias} = ${type};\n`);
  return { text: [BANNER, ...declared, ...(aliases.length > 0 ? [aliases.join('')] : [])].join('\n'), types };
}

/** The types of all files, and of every place in them that a reference leads to. */
function declarations(
  files: readonly SchemaFile[],
  types: ReadonlyMap<string, string>,
  given: TypeNames,
): readonly string[] {
  const names = new SchemaNames(files);
  const declared: string[] = [];
  const known = new Map<string, string>();
  const waiting: (() => void)[] = [];
  const typeAt = (file: SchemaFile, pointer: string): string | undefined => {
    const place = `${file.name}#${pointer}`;
    const before = known.get(place);
    if (before !== undefined) return before;
    const schema = names.schemaAt(`${baseOf(file)}#${encodeURIComponent(pointer)}`);
    if (schema === undefined) return undefined;
    const type = pointer === '' ? types.get(file.name) : given.give(file.name, pointer);
    if (type === undefined) return undefined;
    known.set(place, type);
    const from = { refer, isSeventh: isSeventh(file) };
    waiting.push(() => declared.push(declaration(type, typeOfSchema(schema, from), descriptionOf(schema))));
    return type;
  };
  const refer = (target: string): Type => {
    const file = names.fileOf(target);
    const pointer = names.pointerOf(target);
    const type = file === undefined || pointer === undefined ? undefined : typeAt(file, pointer);
    return { kind: 'text', text: type ?? 'unknown' };
  };
  for (const file of files) {
    typeAt(file, '');
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) next();
  }
  return declared;
}

function isSeventh({ schema }: SchemaFile): boolean {
  return String(asMap(schema)['$schema']).includes('draft-07');
}
