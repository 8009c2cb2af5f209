import { type Delivery, RELEASE } from '#contract/delivery.ts';
import type { Source } from '#contract/source.ts';
import { schemaIdIn } from '../codecs/confluent/wire-format.ts';
import type { RegistryIds } from './registry-ids.ts';

/**
 * A source that gives a message only when the schema of its id is known, or known to be none: a codec cannot wait. While the registry
 * is away it holds what was read, and reads no more; order and demand are those of the source.
 */
export function registrySource(
  source: Source,
  ids: Pick<RegistryIds, 'needs' | 'resolve'>,
  onReleased: (messages: number) => void,
): Source {
  return {
    async read(demand, signal) {
      const deliveries = await source.read(demand, signal);
      const needed = neededBy(deliveries, ids);
      if (needed === undefined) return deliveries;
      await ids.resolve(needed, signal);
      if (!signal.aborted) return deliveries;
      for (const delivery of deliveries) delivery.settle(RELEASE);
      onReleased(deliveries.length);
      return [];
    },
    close: () => source.close(),
  };
}

/** Undefined where there are none: a message of a known id costs a look into a map. */
function neededBy(deliveries: readonly Delivery[], ids: Pick<RegistryIds, 'needs'>): ReadonlySet<number> | undefined {
  let needed: Set<number> | undefined;
  for (const { frame, fault, replay } of deliveries) {
    const id = frame.body === null || fault !== undefined ? undefined : schemaIdIn(frame.body);
    // Whoever replays a letter may just have registered its schema.
    if (id === undefined || !ids.needs(id, replay !== undefined)) continue;
    needed ??= new Set();
    needed.add(id);
  }
  return needed;
}
