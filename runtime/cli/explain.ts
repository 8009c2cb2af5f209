import { busOf } from '../host/catalog-of.ts';
import { catalog } from '../host/catalog.ts';
import { explainRoute, explanationText, type RouteExplanation } from '../project/explain/explain-route.ts';
import { labelEffects } from '../project/explain/label-effects.ts';
import { findingsEnvelope, findingsText, withoutNotices } from '../project/check/findings-text.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';
import type { Resolution } from '../project/read/resolve-pipeline.ts';
import { endOptions } from '../host/end-options.ts';
import { withinDeadline } from './check-deadline.ts';
import { readPipeline } from './checked-pipeline.ts';
import type { Command } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { loadExpressions } from './load-expressions.ts';
import { jsonLine } from './output.ts';

export const explain: Command = {
  usage: 'PIPELINE [--json]',
  help: { '--json': 'print one JSON object instead of text' },
  examples: [
    ['pipelines/orders.yaml', 'as text'],
    ['pipelines/orders.yaml --json', 'for a program'],
  ],
  options: { json: { type: 'boolean' } },
  words: 1,
  async run({ positionals, values }) {
    const file = positionals[0] ?? '';
    const output = { output: 'stderr', isJson: values['json'] === true } as const;
    const { spec, findings } = await withinDeadline(file, output, () => withExpressions(file));
    const envelope = findingsEnvelope(findings);
    if (spec === undefined) {
      process.stderr.write(
        values['json'] === true ? jsonLine('explain', envelope) : findingsText(withoutNotices(findings)),
      );
      return EXIT.invalid;
    }
    const routes = spec.routes.map((route) => explained(spec, route));
    const text = values['json'] === true ? jsonLine('explain', { ok: true, routes }) : explanationText(routes);
    process.stdout.write(text);
    return EXIT.fine;
  },
};

/** A file whose expressions are wrong is not explained. Functions and schemas change nothing of an explanation. */
async function withExpressions(file: string): Promise<Resolution> {
  const { result, project } = readPipeline(file, 'check');
  const wrong = (await loadExpressions(result, project))?.findings ?? [];
  const findings = [...result.findings, ...wrong];
  return wrong.some(({ severity }) => severity === 'error') ? { findings } : { ...result, findings };
}

function explained(pipeline: PipelineSpec, route: RouteSpec): RouteExplanation {
  const source = busOf(catalog, route.from.bus).sourceGuarantees(endOptions(pipeline, route.from));
  const sinks = route.sinks.map((to) => busOf(catalog, to.bus).sinkGuarantees(endOptions(pipeline, to)));
  const made = explainRoute(route, source, sinks);
  return { ...made, faults: { ...made.faults, ...labelEffects(pipeline.labels, route) } };
}
