import type { Delivery } from '#contract/delivery.ts';
import { rankOf } from '#kit/rank.ts';
import type { Policy } from '../engine/route-parts.ts';
import type { RouteSpec } from '../project/pipeline-spec.ts';
import type { CompactionKey } from '../store/spool/spool-source.ts';
import { compileTemplate } from '../template/compile-template.ts';
import { readsBody } from './body-reads.ts';
import type { Catalog } from '#contract/catalog.ts';
import { busOf } from './catalog-of.ts';

/** No message replaces one with this key. */
export const NEVER_REPLACED: CompactionKey = { lane: undefined, rank: undefined };

/** For class telemetry: key and address, and the sequence where the route has one. */
export function compactionKeyOf(
  spec: RouteSpec,
  policy: Policy,
  catalog: Catalog,
): (delivery: Delivery) => CompactionKey {
  const { from } = spec;
  const source = busOf(catalog, from.bus).grammar;
  const sequence =
    from.sequence === undefined
      ? undefined
      : compileTemplate(from.sequence, { route: spec.name, source, target: undefined, missing: 'SEQUENCE_INVALID' });
  const needsBody = [from.key, from.sequence].some((text) => text !== undefined && readsBody(text));
  return ({ id, frame, arrivedAtMs }) => {
    try {
      const { address, headers, contentType } = frame;
      if (policy.labels?.admits(frame, arrivedAtMs ?? Date.now()) === false) return NEVER_REPLACED;
      // The engine refuses larger bodies undecoded.
      if (needsBody && (frame.body?.length ?? 0) > policy.maxBodyBytes) return NEVER_REPLACED;
      const body = needsBody && frame.body !== null ? policy.decoding?.(contentType).decode(frame.body) : undefined;
      const view = { id, address, key: frame.key, headers, body, origin: frame };
      const key = policy.key === undefined ? frame.key : policy.key(view);
      const rank = sequence === undefined ? undefined : rankOf(sequence({ ...view, key }));
      // A message that the engine will refuse must not replace a good one.
      if (sequence !== undefined && rank === undefined) return NEVER_REPLACED;
      return { lane: JSON.stringify([key ?? null, address]), rank };
    } catch {
      // The engine finds the same fault, and records it.
      return NEVER_REPLACED;
    }
  };
}
