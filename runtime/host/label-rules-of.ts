import type { LabelRules } from '#contract/label-rules.ts';
import type { Observers } from '../engine/route-parts.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';

/** The label rules of a route; undefined where the pipeline names no policy. What an operator must hear of is logged once a start. */
export function labelRulesOf(
  { labels }: Pick<PipelineSpec, 'labels'>,
  { name: route, from }: RouteSpec,
  { log, counters }: Pick<Observers, 'log' | 'counters'>,
): LabelRules | undefined {
  const isTold = { audience: false, assumed: false };
  return labels?.rulesOf(from.connection, from.assumedLabel, {
    emptyAudience(label) {
      if (isTold.audience) return;
      isTold.audience = true;
      log.warn('label-empty-audience', {
        route,
        label,
        text: 'labels were joined that share no reader: nobody may read it',
      });
    },
    assumed() {
      counters.labelsAssumed += 1;
      if (isTold.assumed) return;
      isTold.assumed = true;
      const text = `a message without a label is taken as ${from.assumedLabel ?? ''}, by missingLabel of the route`;
      log.info('label-assumed', { route, text });
    },
  });
}
