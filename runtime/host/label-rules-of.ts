import type { LabelRules } from '#contract/label-rules.ts';
import { bindingKey } from '../labels/binding-key.ts';
import type { SourceBinding } from '../labels/route-labels.ts';
import type { BindingSpec } from '../project/fields/binding-fields.ts';
import type { Observers } from '../engine/route-parts.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';

/** The label rules of a route; undefined where the pipeline names no policy. What an operator must hear of is logged once a start. */
export function labelRulesOf(
  { labels }: Pick<PipelineSpec, 'labels'>,
  { name: route, from }: RouteSpec,
  { log, counters }: Pick<Observers, 'log' | 'counters'>,
): LabelRules | undefined {
  const isTold = { audience: false, assumed: false };
  const binding = from.binding && bindingOf(from.binding);
  return labels?.rulesOf(
    from.connection,
    { assumed: from.assumedLabel, binding },
    {
      emptyAudience(label) {
        if (isTold.audience) return;
        isTold.audience = true;
        log.warn('label-empty-audience', {
          route,
          label,
          text: 'labels were joined that share no reader: nobody may read it',
        });
      },
      raised(before, after) {
        const key = `${before}\n${after}`;
        const count = (counters.labelsRaised.get(key)?.count ?? 0) + 1;
        counters.labelsRaised.set(key, { from: before, to: after, count });
      },
      assumed() {
        counters.labelsAssumed += 1;
        if (isTold.assumed) return;
        isTold.assumed = true;
        const text = `a message without a label is taken as ${from.assumedLabel ?? ''}, by missingLabel of the route`;
        log.info('label-assumed', { route, text });
      },
    },
  );
}

function bindingOf({ required, keys }: BindingSpec): SourceBinding {
  const entries = [...keys].map(([kid, { alg, key }]) => [kid, bindingKey(alg, key, 'verify')] as const);
  return { required, keys: new Map(entries) };
}
