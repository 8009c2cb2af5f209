import type { Bus } from '#contract/bus.ts';
import type { Catalog } from '#contract/catalog.ts';
import type { CodecKind } from '#contract/codec.ts';
import { SluiceError } from '#contract/errors.ts';
import type { StageKind } from '#contract/stage-kind.ts';
import { bytes } from '../codecs/bytes.ts';
import { cbor } from '../codecs/cbor.ts';
import { json } from '../codecs/json.ts';
import { msgpack } from '../codecs/msgpack.ts';
import { SCHEMA_CODECS } from '../codecs/schema-kinds.ts';
import { text } from '../codecs/text.ts';
import { filterKind } from '../stages/filter-kind.ts';
import { functionKind } from '../stages/function-kind.ts';
import { mapKind } from '../stages/map-kind.ts';
import { splitKind } from '../stages/split-kind.ts';
import { guardKind } from '../stages/guard-kind.ts';
import { validateKind } from '../stages/validate-kind.ts';

/** The driver of that name; the checker has verified that it exists. Throws INTERNAL. */
export function busOf({ buses }: Catalog, name: string): Bus {
  const bus = buses.get(name);
  if (bus === undefined) throw new SluiceError('INTERNAL', `no bus ${name} in the catalog`);
  return bus;
}

const STAGES: readonly StageKind[] = [validateKind, functionKind, filterKind, mapKind, splitKind, guardKind];
/** The first one is the default: it decodes if neither the route nor the content type selects another. */
const CODECS: readonly CodecKind[] = [json, text, bytes, cbor, msgpack];

/** The stages and codecs of this version with these buses. */
export function catalogOf(buses: readonly Bus[]): Catalog {
  return {
    buses: new Map(buses.map((bus) => [bus.name, bus])),
    stages: new Map(STAGES.map((kind) => [kind.verb, kind])),
    codecs: new Map(CODECS.map((codec) => [codec.name, codec])),
    schemaCodecs: new Map(SCHEMA_CODECS.map((kind) => [kind.name, kind])),
  };
}
