import { connectionSchema, deadLetterSinkSchema, sinkSchema, sourceSchema, stageSchema } from './end-schema.ts';
import { FIELDS } from './field-tables.ts';
import { fileSchema, oneOrList } from './file-schema.ts';
import { LOCAL_DEAD_LETTERS_SCHEMA } from './dead-letter-fields.ts';
import { isMap } from '#kit/json-value.ts';
import { admits } from '../check/schema-at.ts';
import type { JsonSchema } from '../json-schema.ts';
import type { Catalog } from '#contract/catalog.ts';

const REFERENCE: JsonSchema = {
  type: 'string',
  pattern: '^(env:[A-Za-z_][A-Za-z0-9_]*(\\|.*)?|file:.+)$',
  description: 'env:NAME, env:NAME|default or file:PATH: a value by reference.',
};

function refusesReferences(schema: JsonSchema): boolean {
  if ('enum' in schema || 'pattern' in schema) return true;
  return 'type' in schema && !admits(schema, 'text') && (admits(schema, 1) || admits(schema, true));
}

/** The schema of an option that may also be a reference. Names may not. */
function orReference(schema: JsonSchema): JsonSchema {
  if ('const' in schema) return schema;
  if (refusesReferences(schema)) {
    const { description, default: byDefault, ...rest } = schema;
    return {
      ...(description === undefined ? {} : { description }),
      ...(byDefault === undefined ? {} : { default: byDefault }),
      anyOf: [rest, { $ref: '#/definitions/reference' }],
    };
  }
  const deeper: Record<string, unknown> = { ...schema };
  for (const union of ['anyOf', 'oneOf']) {
    const branches = schema[union];
    if (Array.isArray(branches))
      deeper[union] = branches.map((branch) => (isMap(branch) ? orReference(branch) : branch));
  }
  if (isMap(schema['items'])) deeper['items'] = orReference(schema['items']);
  if (isMap(schema['additionalProperties']))
    deeper['additionalProperties'] = orReference(schema['additionalProperties']);
  if (isMap(schema['properties'])) deeper['properties'] = eachOrReference(schema['properties'], []);
  return deeper;
}

function eachOrReference(properties: JsonSchema, names: readonly string[]): JsonSchema {
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [
      name,
      isMap(property) && !names.includes(name) ? orReference(property) : property,
    ]),
  );
}

/** A schema whose options may be references, except for `names`. */
function published(schema: JsonSchema, names: readonly string[]): JsonSchema {
  const properties = isMap(schema['properties']) ? schema['properties'] : {};
  return { ...schema, properties: eachOrReference(properties, names) };
}

/**
 * An end without the words that it must have. Of several schemas an editor takes the one that fits best, and with them that is the bus that
 * demands least: an end that has only its `bus` would be offered the words of that one alone.
 */
function begun(schema: JsonSchema): JsonSchema {
  return { ...schema, required: ['bus'] };
}

/** `if bus is NAME then` its schema: an editor then reports errors of one driver, not of all. */
function byKind({ buses }: Catalog): JsonSchema {
  const kinds = [...buses.keys()];
  const enumDescriptions = [...buses.values()].map(({ page }) => page.hint ?? page.title);
  return {
    type: 'object',
    required: ['bus'],
    properties: { bus: { enum: kinds, enumDescriptions, description: 'Kind of bus.' } },
    allOf: kinds.map((kind) => ({
      if: { required: ['bus'], properties: { bus: { const: kind } } },
      then: { $ref: `#/definitions/${kind}.connection` },
    })),
  };
}

const refs = (names: readonly string[]): JsonSchema => ({
  anyOf: names.map((name) => ({ $ref: `#/definitions/${name}` })),
});

/**
 * The schema of pipeline files for editors, draft-07, made of those of the drivers and stages. An end names a connection, and
 * a schema cannot follow that name to the kind of bus: here an end may be that of any bus. `check` is stricter.
 */
export function pipelineSchema(catalog: Catalog, fields = FIELDS): JsonSchema {
  const definitions: Record<string, JsonSchema> = { reference: REFERENCE };
  const kinds = [...catalog.buses.keys()];
  for (const [kind, bus] of catalog.buses) {
    const { title } = bus.page;
    definitions[`${kind}.connection`] = { title: `${title}: connection`, ...published(connectionSchema(bus), ['bus']) };
    const source = published(sourceSchema(bus, catalog, fields), ['bus', 'codec']);
    definitions[`${kind}.source`] = { title: `${title}: source`, ...begun(source) };
    definitions[`${kind}.letters`] = published(deadLetterSinkSchema(bus), ['bus']);
    const sink = published(sinkSchema(bus, catalog, fields), ['bus', 'codec']);
    definitions[`${kind}.sink`] = { title: `${title}: sink`, ...begun(sink) };
  }
  for (const [verb, stage] of catalog.stages) {
    definitions[`stage.${verb}`] = {
      title: `stage ${verb}`,
      ...published(stageSchema(stage), [...(stage.names === undefined ? [] : [verb]), ...(stage.namesIn ?? [])]),
    };
  }
  const file = fileSchema(
    {
      connection: byKind(catalog),
      route: {
        from: [refs(kinds.map((kind) => `${kind}.source`))],
        to: [oneOrList(refs(kinds.map((kind) => `${kind}.sink`)))],
        stages: [refs([...catalog.stages.keys()].map((verb) => `stage.${verb}`))],
        deadLetter: [
          orReference(LOCAL_DEAD_LETTERS_SCHEMA),
          ...kinds.map((kind) => ({ $ref: `#/definitions/${kind}.letters` })),
        ],
      },
      instead: Object.fromEntries(
        ['json', 'retry'].map((word) => [word, orReference(fields.route[word]?.schema ?? {})]),
      ),
    },
    fields,
  );
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Sluice pipeline file',
    description: 'One pipeline: named connections to message buses, and routes between them.',
    ...file,
    definitions,
  };
}

/** The text of schemas/pipeline.schema.json. */
export function pipelineSchemaText(catalog: Catalog): string {
  return `${inLines(pipelineSchema(catalog), 4, '')}\n`;
}

/** As JSON: maps down to a depth with a line for each key, what lies deeper in one line. Half as long as with a line for every value. */
function inLines(value: unknown, depth: number, indent: string): string {
  if (depth === 0 || !isMap(value)) return JSON.stringify(value);
  const lines = Object.entries(value).map(
    ([key, inner]) => `${indent} ${JSON.stringify(key)}: ${inLines(inner, depth - 1, `${indent} `)}`,
  );
  return `{\n${lines.join(',\n')}\n${indent}}`;
}
