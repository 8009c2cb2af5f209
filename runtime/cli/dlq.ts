import { catalog } from '../host/catalog.ts';
import { findingsEnvelope, findingsText } from '../project/check/findings-text.ts';
import type { Finding } from '../project/check/findings.ts';
import { withinDeadline } from './check-deadline.ts';
import { readPipeline } from './checked-pipeline.ts';
import { type Command, UsageError } from './command.ts';
import { assertAction, DLQ_ACTIONS, DLQ_HELP, DLQ_OPTIONS, dlqUsage, runDlq } from './dlq-actions.ts';
import { EXIT } from './exit-codes.ts';
import type { OwnRun } from './dlq-task.ts';
import { loadPipeline } from './load-parts.ts';

export const dlq: Command = {
  usage: dlqUsage('PIPELINE '),
  help: DLQ_HELP,
  examples: [
    ['list pipelines/orders.yaml --since 2h', 'the letters of the last two hours'],
    ['replay pipelines/orders.yaml --code SCHEMA_INVALID --rate 500/s', 'sends them through the current stages again'],
  ],
  options: DLQ_OPTIONS,
  choices: { '': DLQ_ACTIONS },
  // Numbers of letters may follow; the command itself reports missing words.
  words: [0, Infinity],
  async run(given) {
    const [word = '', file, ...numbers] = given.positionals;
    assertAction(word);
    if (file === undefined) throw new UsageError('expected one pipeline file, found none');
    const { result, project } = await withinDeadline(file, { output: 'stderr' }, () => readPipeline(file, 'check'));
    const { spec } = result;
    if (spec === undefined) {
      printErrors(result.findings);
      return EXIT.invalid;
    }
    return runDlq(word, numbers, given, { spec, home: project.folder, catalog, load: () => loadToRun(file) });
  },
};

async function loadToRun(file: string): Promise<OwnRun | undefined> {
  const { result, parts, findings } = await withinDeadline(file, { output: 'stderr' }, () => loadPipeline(file, 'run'));
  const { spec } = result;
  if (spec !== undefined && parts !== undefined && findingsEnvelope(findings).ok) return { spec, parts };
  printErrors(findings);
  return undefined;
}

function printErrors(findings: readonly Finding[]): void {
  process.stderr.write(findingsText(findings.filter(({ severity }) => severity === 'error')));
}
