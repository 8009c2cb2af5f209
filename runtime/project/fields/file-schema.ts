import type { JsonSchema } from '../json-schema.ts';
import { schemasOf } from './field.ts';
import type { FieldTables } from './field-tables.ts';
import { ofCatalog } from './shared-schemas.ts';

/** The parts of the file's schema that the catalog decides. */
export interface FileParts {
  readonly connection: JsonSchema;
  /** By word of a route: the schemas in place of its OF_CATALOG. */
  readonly route: Readonly<Record<string, readonly JsonSchema[]>>;
  /** Words of a route whose schema is replaced by this one. */
  readonly instead?: Readonly<Record<string, JsonSchema>>;
}

/** Placeholder for a section that is checked by a schema of its own. */
export const JUDGED_APART: JsonSchema = { type: 'object' };

/** More sinks are a mistake: each holds the route while it is away. */
const MOST_SINKS = 32;

/** A sink, or a list of sinks. */
export function oneOrList(sink: JsonSchema): JsonSchema {
  return { anyOf: [sink, { type: 'array', minItems: 1, maxItems: MOST_SINKS, items: sink }] };
}

/** The schema of a pipeline file without its sections: `check` has one schema for each, the published schema a union. */
export function fileSchema(parts: FileParts, fields: FieldTables): JsonSchema {
  const ofWord: Readonly<Record<string, JsonSchema>> = { buses: parts.connection, routes: routeSchema(parts, fields) };
  const properties = Object.entries(schemasOf(fields.file)).map(([word, schema]) => [
    word,
    ofCatalog(schema, [ofWord[word] ?? {}]),
  ]);
  return {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'buses', 'routes'],
    properties: Object.fromEntries(properties),
  };
}

function routeSchema({ route, instead }: FileParts, fields: FieldTables): JsonSchema {
  const properties = Object.entries(schemasOf(fields.route)).map(([word, schema]) => [
    word,
    instead?.[word] ?? ofCatalog(schema, route[word] ?? []),
  ]);
  return {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'from', 'to'],
    properties: Object.fromEntries(properties),
  };
}
