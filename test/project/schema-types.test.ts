import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { SchemaFile } from '../../runtime/project/schemas/schema-names.ts';
import { projectTypes, typesFile } from '../../runtime/project/types/written-types.ts';
import { schemaTypes } from '../../runtime/project/types/schema-types.ts';
import { readProjectFolders } from '../../runtime/project/project-files.ts';
import { packageFolder } from '../../runtime/project/package-folder.ts';

/** The text of these schemas, without the first line. */
function textOf(schemas: Readonly<Record<string, SchemaFile['schema']>>): string {
  const files = Object.entries(schemas).map(([name, schema]) => ({ name, schema }));
  const { text } = schemaTypes(files);
  assert.equal(schemaTypes(files.toReversed()).text, text, 'the order of the files changes nothing');
  return text.slice(text.indexOf('\n') + 2);
}

/** The type of one schema. */
function typeOf(schema: SchemaFile['schema']): string {
  return textOf({ x: schema })
    .replace(/^export (?:type X = |interface X )/, '')
    .replace(/;?\n$/, '')
    .replaceAll(/\s+/g, ' ');
}

test("schemas/types.d.ts is what this project's schemas give", () => {
  const types = projectTypes(readProjectFolders(packageFolder()));
  assert.ok('made' in types);
  assert.equal(readFileSync(typesFile(packageFolder()), 'utf8'), types.made.text, 'it drifted: sluice types');
});

test('a type has the name of its schema with its version, and the newest version has the bare name too', () => {
  const text = textOf({
    'track.v1': { type: 'string' },
    'track.v10': { type: 'number' },
    'track.v9': { type: 'null' },
    'own-tracks_geo.v1': true,
    'own-tracks_geo': false,
    'own.tracks.geo': { type: 'boolean' },
    '2d.v1': {},
  });
  assert.deepEqual(text.split('\n').filter(Boolean), [
    'export type Schema2dV1 = unknown;',
    'export type OwnTracksGeo = never;',
    'export type OwnTracksGeoV1 = unknown;',
    'export type OwnTracksGeo_2 = boolean;',
    'export type TrackV1 = string;',
    'export type TrackV10 = number;',
    'export type TrackV9 = null;',
    'export type Schema2d = Schema2dV1;',
    'export type Track = TrackV10;',
  ]);
});

test('a reference is the type of its target, by file, by $id, within the file and to itself', () => {
  const text = textOf({
    'geo.v1': {
      $id: 'https://example.org/geo',
      $defs: { point: { required: ['lat'], properties: { lat: { type: 'number' } } } },
    },
    a: {
      properties: {
        file: { $ref: 'geo.v1.json#/$defs/point', description: 'Where.' },
        id: { $ref: 'https://example.org/geo#/$defs/point' },
        self: { $ref: '#' },
        more: { $ref: 'geo.v1.json#/$defs/point', required: ['lon'] },
        nowhere: { $ref: 'geo.v1.json#/$defs/pont' },
        anchor: { $ref: '#anchor' },
      },
    },
    b: { $ref: 'a.json' },
  });
  assert.equal(
    text,
    `export interface A {
  /** Where. */
  file?: GeoV1Point;
  id?: GeoV1Point;
  self?: A;
  more?: GeoV1Point & {
    lon: unknown;
  };
  nowhere?: unknown;
  anchor?: unknown;
}

export interface GeoV1Point {
  lat: number;
}

export type B = A;

export type GeoV1 = unknown;

export type Geo = GeoV1;
`,
  );
});

test('each form of a schema has the narrowest type that takes all of its bodies', () => {
  const forms: readonly (readonly [SchemaFile['schema'], string])[] = [
    [{ type: ['string', 'null', 'integer'] }, 'string | null | number'],
    [{ enum: ['a', 1, null, { b: [true] }] }, '"a" | 1 | null | { "b": [true] }'],
    [{ const: 'x', type: 'string' }, '"x"'],
    [{ type: 'array', items: { enum: ['a', 'b'] } }, '("a" | "b")[]'],
    [{ type: 'array' }, 'unknown[]'],
    [
      { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }], items: false, minItems: 2 },
      '[string, number]',
    ],
    // A shorter list fits too.
    [{ type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }], items: false }, '(string | number)[]'],
    [{ prefixItems: [{ type: 'string' }] }, 'unknown[]'],
    [
      {
        $schema: 'http://json-schema.org/draft-07/schema#',
        items: [{ type: 'string' }],
        additionalItems: { type: 'null' },
      },
      '(string | null)[]',
    ],
    [{ type: 'object' }, '{ [name: string]: any; }'],
    [{ type: 'object', additionalProperties: false }, '{}'],
    [{ type: 'object', additionalProperties: { type: 'number' } }, '{ [name: string]: number; }'],
    [{ patternProperties: { '^x': { type: 'null' } }, additionalProperties: false }, '{ [name: string]: null; }'],
    [{ properties: { a: true }, additionalProperties: true }, '{ a?: unknown; [name: string]: any; }'],
    [{ required: ['b'], properties: { a: false } }, '{ a?: never; b: unknown; }'],
    [{ properties: { 'odd-key': { type: 'null' } } }, '{ "odd-key"?: null; }'],
    [
      { properties: { a: { type: 'null' } }, anyOf: [{ required: ['a'] }, { required: ['b'] }] },
      '{ a?: null; } & ({ a: unknown; } | { b: unknown; })',
    ],
    [{ allOf: [{ if: { type: 'string' }, else: { minimum: 1 } }, { type: 'string' }] }, 'string'],
    [{ anyOf: [{ type: 'string' }, {}] }, 'unknown'],
  ];
  assert.deepEqual(
    forms.map(([schema]) => typeOf(schema)),
    forms.map(([, type]) => type),
  );
});

test('a description cannot end its comment', () => {
  assert.equal(
    textOf({ x: { type: 'string', description: 'a */ b\nc' } }),
    '/**\n * a *\\/ b\n * c\n */\nexport type X = string;\n',
  );
});
