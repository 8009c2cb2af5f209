import type { RouteExplanation } from '../project/explain/explain-route.ts';
import type { Advice, NeedAdvice } from './advise.ts';
import type { EndAdvice } from './ends.ts';
import type { Reason } from './rank.ts';
import { type Other, othersThan, reasonsFor } from './reasons.ts';
import type { Setting } from './settings.ts';

/** The advice for programs: docs/advise.md describes it. */
export interface AdviceReport {
  readonly ok: true;
  readonly name: string;
  readonly needs: readonly NeedReport[];
  /** The text of the pipeline file; absent where no need crosses from one server to another. */
  readonly pipeline?: string;
}

export interface NeedReport {
  readonly name: string;
  readonly message: NeedAdvice['need']['message'];
  /** Whether a bridge stands between producers and consumers. */
  readonly bridged: boolean;
  readonly class: NeedAdvice['class'];
  readonly producers: BusReport;
  readonly consumers: BusReport;
  readonly settings: readonly Omit<Setting, 'end'>[];
  /** What the choice cannot keep. */
  readonly limits: readonly string[];
  readonly promise?: Pick<RouteExplanation, 'grade' | 'order' | 'duplicates'>;
}

export interface BusReport {
  readonly bus: EndAdvice['bus'];
  readonly by: EndAdvice['by'];
  readonly points: number;
  readonly reasons: readonly Reason[];
  readonly others: readonly Other[];
}

export function adviceJson({ name, needs, pipeline }: Advice): AdviceReport {
  return { ok: true, name, needs: needs.map(needJson), ...(pipeline === undefined ? {} : { pipeline }) };
}

function needJson({ need, class: trafficClass, ends, settings, limits, promise }: NeedAdvice): NeedReport {
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

function endJson(end: EndAdvice): BusReport {
  const chosen = end.candidates.find(({ bus }) => bus === end.bus);
  return {
    bus: end.bus,
    by: end.by,
    points: chosen?.points ?? 0,
    reasons: reasonsFor(end),
    others: othersThan(end),
  };
}
