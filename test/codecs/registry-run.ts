import avsc from 'avsc';
import { waitFor } from '../harness/wait-for.ts';
import { type MemoryRun, type MemoryRunSettings, startMemoryRun } from '../host/memory-run.ts';
import { FLEET, TRACK_AVSC } from './fleet.ts';
import { startRegistry, type TestRegistry } from './registry-server.ts';

export const OLD = { ...TRACK_AVSC, fields: TRACK_AVSC.fields.filter(({ name }) => name !== 'kind') };
export const NEW = {
  ...TRACK_AVSC,
  fields: TRACK_AVSC.fields.map((field) => (field.name === 'kind' ? { ...field, default: 'CAR' } : field)),
};
export const FILES = {
  'schemas/track.v2.avsc': NEW,
  'schemas/fleet.v1.binpb': FLEET,
  'schemas/track.v1.json': { type: 'object' },
};

/** As a client of the registry writes it. */
export function framed(id: number, body: Uint8Array, head: readonly number[] = []): Uint8Array {
  return Buffer.concat([Buffer.from([0, 0, 0, id >> 8, id & 255, ...head]), body]);
}

export function old(id: number, name: string): Uint8Array {
  return framed(id, avsc.Type.forSchema(OLD as avsc.Schema).toBuffer({ id: name, lat: 1 }));
}

export async function registryWith(...ids: readonly number[]): Promise<TestRegistry> {
  const registry = await startRegistry();
  for (const id of ids) registry.schemas.set(id, { schema: JSON.stringify(OLD) });
  return registry;
}

/** A run that reads avro by a registry. */
export function reading(
  { url }: Pick<TestRegistry, 'url'>,
  more: MemoryRunSettings = {},
  words: object = {},
): Promise<MemoryRun> {
  const codec = { avro: 'track.v2', confluent: { registry: url, ...words } };
  return startMemoryRun({ files: FILES, from: { codec }, to: { codec: 'json' }, ...more });
}

export async function idsOut(run: MemoryRun, count: number): Promise<unknown[]> {
  const frames = await run.take(count);
  return frames.map(({ body }) => (JSON.parse(Buffer.from(body ?? []).toString()) as { id: unknown }).id);
}

export const letters = (run: MemoryRun): string[] =>
  run.letters().map(({ code, text }) => `${String(code)} ${String(text)}`);
export const wasSaid = (run: MemoryRun, event: string): boolean => run.said.some((line) => line.event === event);
export const until = (isSo: () => boolean, what: string): Promise<true> => waitFor(isSo, 5000, what);
/** Lets a run use the state of an earlier one. */
export const stateOf = (run: MemoryRun): MemoryRunSettings => ({ run: { stateFolder: run.project.path('state') } });
