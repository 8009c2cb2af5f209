import type { Environment } from '@marcbachmann/cel-js';

/** A map with these fields, by CEL type. */
interface MapType {
  readonly name: string;
  readonly fields: Readonly<Record<string, string>>;
  /** Whether the schema allows other fields beside these. */
  readonly isOpen: boolean;
}

/** The CEL type of a body that fits a schema. */
export interface BodyType {
  /** The schema's name, for findings. */
  readonly schema: string;
  readonly type: string;
  /** Maps with known fields; one that a later one uses comes first. */
  readonly maps: readonly MapType[];
  /** Every name of a field, for suggestions. */
  readonly names: ReadonlySet<string>;
}

/** Declares `body`. With a type the environment checks expressions only: it evaluates none. */
export function declareBody(environment: Environment, body: BodyType | undefined): void {
  if (body === undefined) {
    environment.registerVariable('body', 'dyn');
    return;
  }
  for (const { name, fields } of body.maps) {
    environment.registerType(name, { fields: { ...fields } });
    // What CEL has for maps.
    environment.registerOperator(`string in ${name}`, () => true);
    environment.registerOperator(`${name} == ${name}`, () => true);
    environment.registerOperator(`${name} == map`, () => true);
    environment.registerFunction(`size(${name}): int`, () => 0n);
    environment.registerFunction(`${name}.size(): int`, () => 0n);
  }
  environment.registerVariable('body', body.type);
}

/** The types of a text of the library as an author knows them. */
export function shownTypes(text: string, body: BodyType | undefined): string {
  const names = new Set(body?.maps.map(({ name }) => name));
  return text.replaceAll(/\bMap\d+\b/g, (name) => (names.has(name) ? 'map' : name));
}
