import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import toTrack from '../../functions/owntracks-to-track.ts';
import type { OwntracksLocation, Track } from '../../schemas/types.d.ts';
import type { Transform } from '../../runtime/contract/transform.ts';
import { packageFolder } from '../../runtime/project/package-folder.ts';
import { schemaCompiler } from '../../runtime/project/schemas/compile-schemas.ts';
import type { SchemaFile } from '../../runtime/project/schemas/schema-names.ts';

const SCHEMAS = join(packageFolder(), 'schemas');
const files: SchemaFile[] = ['owntracks-location.v1', 'track.v1'].map((name) => ({
  name,
  schema: JSON.parse(readFileSync(join(SCHEMAS, `${name}.json`), 'utf8')) as SchemaFile['schema'],
}));
const compiler = schemaCompiler(files);
export const isLocation = compiler.compile('owntracks-location.v1');
export const isTrack = compiler.compile('track.v1');

/** The function as the runtime takes it. */
export const toTrackUntyped: Transform = (body, context) => toTrack(body as OwntracksLocation, context);

/** What every bridge under test does with a body: parse, validate, map, validate, stringify. The stages of the route do the same. */
export function translate(bytes: Uint8Array): Uint8Array {
  const body: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  if (!isLocation(body)) throw new Error('no location');
  const track = toTrack(body as OwntracksLocation, undefined as never);
  if (!isTrack(track)) throw new Error('no track');
  return Buffer.from(JSON.stringify(track));
}

/** How many keys the messages of every case have. */
export const KEYS = 50;

const FIRST_TIME = 1_790_000_000;

/** A position report of 300 bytes. */
export function report(number: number): Buffer {
  const body = {
    _type: 'location',
    tid: `v${number % 50}`,
    tst: FIRST_TIME + number,
    lat: 52.1,
    lon: 4.3,
    alt: 12,
    vel: 33,
    cog: 270,
    batt: 88,
  };
  const text = JSON.stringify(body);
  return Buffer.from(JSON.stringify({ ...body, note: 'x'.repeat(300 - text.length - 10) }));
}

/** The number of the report that a track was made from. */
export function numberIn(track: Uint8Array): number {
  const text = Buffer.from(track.buffer, track.byteOffset, track.byteLength).toString();
  return Date.parse((JSON.parse(text) as Track).time) / 1000 - FIRST_TIME;
}
