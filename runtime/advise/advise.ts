import type { Catalog } from '#contract/catalog.ts';
import type { RouteExplanation } from '../project/explain/explain-route.ts';
import { type ClassAdvice, classOfNeed } from './class-of-need.ts';
import { type EndsAdvice, endsOf } from './ends.ts';
import { limitsOf } from './limits.ts';
import type { Need, Needs } from './needs.ts';
import { pipelineText } from './pipeline-text.ts';
import { promisesOf } from './route-promises.ts';
import { type Setting, settingsOf } from './settings.ts';

/** What is advised for one need, with the reasons. */
export interface NeedAdvice {
  readonly need: Need;
  readonly class: ClassAdvice;
  readonly ends: EndsAdvice;
  readonly settings: readonly Setting[];
  /** What the choice cannot keep. */
  readonly limits: readonly string[];
  /** What its route promises; undefined where it needs no bridge. */
  readonly promise: RouteExplanation | undefined;
}

export interface Advice {
  readonly name: string;
  readonly needs: readonly NeedAdvice[];
  /** The pipeline file; undefined where no need crosses from one server to another. */
  readonly pipeline: string | undefined;
}

/** Which bus, which class and which settings for each need. */
export function advise(needs: Needs, catalog: Catalog): Advice {
  const chosen = needs.needs.map((need) => {
    const ends = endsOf(need, needs.have);
    const trafficClass = classOfNeed(need, ends.producers.bus);
    return { need, ends, class: trafficClass, settings: settingsOf(need, ends, trafficClass) };
  });
  const bridged = chosen.filter(({ ends }) => ends.isBridged);
  const pipeline = bridged.length === 0 ? undefined : pipelineText(needs, bridged);
  const promises = pipeline === undefined ? undefined : promisesOf(pipeline, catalog);
  return {
    name: needs.name,
    pipeline,
    needs: chosen.map((one) => {
      const promise = promises?.get(one.need.name);
      return { ...one, limits: limitsOf({ ...one, labels: needs.labels, promise }), promise };
    }),
  };
}
