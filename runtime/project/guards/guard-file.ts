import { asList, asMap, own, type PlainMap } from '#kit/json-value.ts';

/** The guards of a file, as they are written, by name. */
export function guardsIn(file: unknown): ReadonlyMap<string, PlainMap> {
  return new Map(Object.entries(asMap(own(asMap(file), 'guards'))).map(([name, guard]) => [name, asMap(guard)]));
}

/** The stages of a route that are guards: the place of each, and the name that it gives. */
export function guardStages(route: PlainMap): readonly { readonly position: number; readonly name: string }[] {
  return asList(own(route, 'stages')).flatMap((stage, position) => {
    const name = own(asMap(stage), 'guard');
    return typeof name === 'string' ? [{ position, name }] : [];
  });
}

/** Names of the schemas of a file's guards. */
export function guardSchemaNames(file: unknown): readonly string[] {
  const names = [...guardsIn(file).values()].flatMap((guard) => [own(guard, 'in'), own(guard, 'out')]);
  return [...new Set(names.filter((name) => typeof name === 'string'))];
}
