import type { Advice, NeedAdvice } from './advise.ts';
import type { EndAdvice } from './ends.ts';
import { othersThan, reasonsFor } from './reasons.ts';

/** The advice for programs: docs/advise.md describes it. */
export function adviceJson({ name, needs, pipeline }: Advice): object {
  return { ok: true, name, needs: needs.map(needJson), ...(pipeline === undefined ? {} : { pipeline }) };
}

function needJson({ need, class: trafficClass, ends, settings, limits, promise }: NeedAdvice): object {
  return {
    name: need.name,
    message: need.message,
    bridged: ends.isBridged,
    class: trafficClass,
    producers: endJson(ends.producers),
    consumers: endJson(ends.consumers),
    settings: settings.map(({ at, bus, word, value, why }) => ({ at, bus, word, value, why })),
    limits,
    ...(promise === undefined
      ? {}
      : { promise: { grade: promise.grade, order: promise.order, duplicates: promise.duplicates } }),
  };
}

function endJson(end: EndAdvice): object {
  const chosen = end.candidates.find(({ bus }) => bus === end.bus);
  return {
    bus: end.bus,
    by: end.by,
    points: chosen?.points ?? 0,
    reasons: reasonsFor(end),
    others: othersThan(end),
  };
}
