import { busOf } from '../host/catalog-of.ts';
import { catalog } from '../host/catalog.ts';
import { explainRoute, explanationText, type RouteExplanation } from '../project/explain/explain-route.ts';
import { findingsEnvelope, findingsText, withoutNotices } from '../project/check/findings-text.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';
import { endOptions } from '../host/end-options.ts';
import { withinDeadline } from './check-deadline.ts';
import { readPipeline } from './checked-pipeline.ts';
import type { Command } from './command.ts';
import { EXIT } from './exit-codes.ts';

export const explain: Command = {
  usage: 'PIPELINE [--json]',
  help: { '--json': 'print one JSON object instead of text' },
  options: { json: { type: 'boolean' } },
  words: 1,
  async run({ positionals, values }) {
    const file = positionals[0] ?? '';
    const output = { output: 'stderr', isJson: values['json'] === true } as const;
    const { spec, findings } = await withinDeadline(file, output, () => readPipeline(file, 'check').result);
    const envelope = findingsEnvelope(findings);
    if (spec === undefined) {
      process.stderr.write(
        values['json'] === true ? `${JSON.stringify(envelope)}\n` : findingsText(withoutNotices(findings)),
      );
      return EXIT.invalid;
    }
    const routes = spec.routes.map((route) => explained(spec, route));
    const text = values['json'] === true ? `${JSON.stringify({ ok: true, routes })}\n` : explanationText(routes);
    process.stdout.write(text);
    return EXIT.fine;
  },
};

function explained(pipeline: PipelineSpec, route: RouteSpec): RouteExplanation {
  const source = busOf(catalog, route.from.bus).sourceGuarantees(endOptions(pipeline, route.from));
  const sinks = route.sinks.map((to) => busOf(catalog, to.bus).sinkGuarantees(endOptions(pipeline, to)));
  return explainRoute(route, source, sinks);
}
