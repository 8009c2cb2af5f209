import type { Bus } from '#contract/bus.ts';
import type { Catalog } from '#contract/catalog.ts';
import type { CodecKind } from '#contract/codec.ts';
import { SluiceError } from '#contract/errors.ts';
import type { StageKind } from '#contract/stage-kind.ts';
import { bytes } from '../codecs/bytes.ts';
import { json } from '../codecs/json.ts';
import { text } from '../codecs/text.ts';
import { functionKind } from '../stages/function-kind.ts';
import { guardKind } from '../stages/guard-kind.ts';
import { validateKind } from '../stages/validate-kind.ts';

/** The driver of that name; the checker has verified that it exists. Throws INTERNAL. */
export function busOf({ buses }: Catalog, name: string): Bus {
  const bus = buses.get(name);
  if (bus === undefined) throw new SluiceError('INTERNAL', `no bus ${name} in the catalog`);
  return bus;
}

const STAGES: readonly StageKind[] = [validateKind, functionKind, guardKind];
/** The first one is the default: it decodes if neither the route nor the content type selects another. */
const CODECS: readonly CodecKind[] = [json, text, bytes];

/** The stages and codecs of this version with these buses. */
export function catalogOf(buses: readonly Bus[]): Catalog {
  return {
    buses: new Map(buses.map((bus) => [bus.name, bus])),
    stages: new Map(STAGES.map((kind) => [kind.verb, kind])),
    codecs: new Map(CODECS.map((codec) => [codec.name, codec])),
  };
}
