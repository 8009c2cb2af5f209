import type { OptionSchema } from '#contract/bus.ts';
import { FILE_NAME_PATTERN } from '#contract/file-names.ts';
import { schemasOf } from './field.ts';
import { FIELDS, type FieldTables } from './field-tables.ts';
import { codecSchema } from './codec-fields.ts';
import { CONNECTION_LABELS } from './label-fields.ts';
import { ofCatalog } from './shared-schemas.ts';
import type { JsonSchema } from '../json-schema.ts';
import type { Catalog } from '#contract/catalog.ts';
import type { Bus } from '#contract/bus.ts';
import type { StageKind } from '#contract/stage-kind.ts';

const CONNECTION_NAME: JsonSchema = {
  type: 'string',
  description: 'Name of a connection under `buses`.',
  examples: ['field'],
};

/** A driver's own options with the words that every bus shares. */
function joined(own: OptionSchema, shared: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const required = Array.isArray(own['required']) ? (own['required'] as readonly string[]) : [];
  return {
    ...own,
    type: 'object',
    additionalProperties: false,
    properties: { ...shared, ...own.properties },
    required: ['bus', ...required],
  };
}

export function connectionSchema(bus: Bus): JsonSchema {
  return joined(bus.connectionSchema, {
    bus: { const: bus.name, description: bus.page.hint ?? `A ${bus.name} connection.` },
    ...CONNECTION_LABELS,
  });
}

/** The words that every end of this direction has, whatever its bus. */
export function sharedSchemas(
  direction: 'from' | 'to',
  catalog: Catalog,
  fields: FieldTables,
): Readonly<Record<string, JsonSchema>> {
  const codec = codecSchema(catalog);
  const words = Object.entries(schemasOf(direction === 'from' ? fields.source : fields.sink));
  return Object.fromEntries(words.map(([word, schema]) => [word, ofCatalog(schema, [codec])]));
}

export function sourceSchema(bus: Bus, catalog: Catalog, fields = FIELDS): JsonSchema {
  return joined(bus.sourceSchema, { bus: CONNECTION_NAME, ...sharedSchemas('from', catalog, fields) });
}

export function sinkSchema(bus: Bus, catalog: Catalog, fields = FIELDS): JsonSchema {
  return joined(bus.sinkSchema, { bus: CONNECTION_NAME, ...sharedSchemas('to', catalog, fields) });
}

/** A sink for dead letters. It has no shared words: a dead letter has bytes and headers of its own. */
export function deadLetterSinkSchema(bus: Bus): JsonSchema {
  return joined(bus.sinkSchema, { bus: CONNECTION_NAME });
}

export function stageSchema(stage: StageKind): JsonSchema {
  const required = Array.isArray(stage.schema['required']) ? (stage.schema['required'] as readonly string[]) : [];
  const fileName: JsonSchema = {
    type: 'string',
    pattern: FILE_NAME_PATTERN,
    description: stage.description,
  };
  const { names, value: own, description } = stage;
  const value = names === undefined ? { description, ...own } : own === undefined ? fileName : eitherOf(fileName, own);
  return {
    ...stage.schema,
    type: 'object',
    additionalProperties: false,
    properties: { [stage.verb]: value, ...stage.schema.properties },
    required: [stage.verb, ...required],
  };
}

function eitherOf({ description, ...fileName }: JsonSchema, own: JsonSchema): JsonSchema {
  return { description, anyOf: [fileName, own] };
}

/** For an end of an unknown kind of bus: only the shared words can be checked. */
export function anyEndSchema(direction: 'from' | 'to', catalog: Catalog, fields = FIELDS): JsonSchema {
  const shared = sharedSchemas(direction, catalog, fields);
  return { type: 'object', properties: { bus: CONNECTION_NAME, ...shared }, required: ['bus'] };
}

export const ANY_DEAD_LETTER_SINK_SCHEMA: JsonSchema = {
  type: 'object',
  properties: { bus: CONNECTION_NAME },
  required: ['bus'],
};

export const ANY_CONNECTION_SCHEMA: JsonSchema = {
  type: 'object',
  properties: { bus: { type: 'string', description: 'Kind of bus.', examples: ['mqtt'] } },
  required: ['bus'],
};
