import type { Ceiling, LabelRules } from '#contract/label-rules.ts';
import { PipelineLabels } from '../../runtime/labels/pipeline-labels.ts';
import { LabelReader } from '../../runtime/labels/wire-label.ts';
import { demoPolicy } from './demo-policy.ts';

/** Rules of a route whose source and sink may hold this label, and its ceiling. */
export function labelRulesForTest(highest: string): { readonly labels: LabelRules; readonly ceiling: Ceiling } {
  const reader = new LabelReader(demoPolicy());
  const range = { ceiling: reader.readShort(highest), floor: undefined };
  const all = new PipelineLabels(reader, new Map([['bus', range]]));
  return {
    labels: all.rulesOf('bus', { assumed: undefined }, { emptyAudience() {}, assumed() {}, raised() {} }),
    ceiling: all.ceilingOf('bus'),
  };
}
