import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { catalog } from '../../runtime/host/catalog.ts';
import { checkPipeline } from '../../runtime/project/check/check-pipeline.ts';
import { connectionSchema, sinkSchema, sourceSchema, stageSchema } from '../../runtime/project/fields/end-schema.ts';
import { FIELDS, sharedFields } from '../../runtime/project/fields/field-tables.ts';
import { findingsText } from '../../runtime/project/check/findings-text.ts';
import { RESERVED_WORDS } from '../../runtime/project/fields/reserved-words.ts';
import { pipelineSchema, pipelineSchemaText } from '../../runtime/project/fields/pipeline-schema.ts';

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}

test('schemas/pipeline.schema.json is what the catalog generates', () => {
  assert.ok(
    read('../../schemas/pipeline.schema.json') === pipelineSchemaText(catalog),
    'it drifted: node runtime/cli/main.ts schema --out schemas/pipeline.schema.json',
  );
});

/** Knows the keywords of bounds and of texts for values, which are no part of draft-07 and which other readers pass over. */
function strictCompiler(): Ajv {
  const ajv = new Ajv({ strict: true, strictRequired: false, allowUnionTypes: true, validateFormats: false });
  return ajv.addVocabulary(['formatMinimum', 'formatMaximum', 'enumDescriptions']);
}

test('the published schema is strict draft-07', () => {
  const ajv = strictCompiler();
  ajv.compile(pipelineSchema(catalog));
});

test('every option of every driver and stage is a strict schema with a line for editors', () => {
  const ajv = strictCompiler();
  const schemas = [
    ...[...catalog.buses.values()].flatMap((bus) => [
      connectionSchema(bus),
      sourceSchema(bus, catalog),
      sinkSchema(bus, catalog),
    ]),
    ...[...catalog.stages.values()].map(stageSchema),
  ];
  for (const schema of schemas) {
    ajv.compile(schema);
    for (const [name, option] of Object.entries(schema['properties'] ?? {})) {
      assert.equal(typeof option.description, 'string', `${name} has no description`);
    }
  }
});

test('no driver spells a word that every bus shares, and no word of a later version', () => {
  for (const bus of catalog.buses.values()) {
    const sourceOwn = Object.keys(bus.sourceSchema.properties);
    const sinkOwn = Object.keys(bus.sinkSchema.properties);
    for (const word of [...sharedFields(FIELDS, 'from'), ...RESERVED_WORDS.source]) {
      assert.ok(!sourceOwn.includes(word), `${bus.name} source spells ${word}`);
    }
    for (const word of [...sharedFields(FIELDS, 'to'), ...RESERVED_WORDS.sink]) {
      assert.ok(!sinkOwn.includes(word), `${bus.name} sink spells ${word}`);
    }
    for (const name of bus.addressOptions) assert.ok(sinkOwn.includes(name), `${bus.name} has no ${name}`);
  }
});

test('what the checker passes, an editor passes too, references included', () => {
  const text = read('good/real.yaml');
  const { spec, findings } = checkPipeline({
    text,
    file: 'real.yaml',
    catalog,
    project: { functions: ['to-track.ts'], schemas: ['track.v1.json'] },
    environment: { MQTT_PASSWORD: 'x' },
    readFile: () => 'PEM',
    mode: 'run',
  });
  assert.ok(spec, findingsText(findings));
  const ajv = new Ajv({ strict: false, validateFormats: false });
  const validate = ajv.compile(pipelineSchema(catalog));
  assert.ok(validate(parse(text)), JSON.stringify(validate.errors));
});

test('an editor sees what is wrong with a connection by its own kind of bus', () => {
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  const validate = ajv.compile(pipelineSchema(catalog));
  const routes = [{ name: 'a', from: { bus: 'f', topics: ['x'] }, to: { bus: 'f', topic: 'y' } }];
  assert.ok(validate({ name: 'p', buses: { f: { bus: 'mqtt', url: 'mqtt://h:1' } }, routes }));
  assert.ok(!validate({ name: 'p', buses: { f: { bus: 'mqtt', url: 'mqtt://h:1', stream: 'S' } }, routes }));
  assert.ok(!validate({ name: 'p', buses: { f: { bus: 'mqqt' } }, routes }));
  assert.ok(!validate({ name: 'p', buses: { f: { bus: 'mqtt', url: 'mqtt://h:1', keepAlive: 5 } }, routes }));
});
