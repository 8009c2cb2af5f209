import { findingsEnvelope, findingsText, withoutNotices } from '../project/check/findings-text.ts';
import type { Finding } from '../project/check/findings.ts';
import { withinDeadline } from './check-deadline.ts';
import type { Command } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { loadPipeline } from './load-parts.ts';
import { printJson } from './output.ts';

export const check: Command = {
  usage: 'PIPELINE [--watch] [--notices] [--json]',
  help: {
    '--watch': 'check again after each change of the file, its functions and schemas, until Ctrl-C',
    '--notices': 'print the notices about buses and classes too, not only what is wrong',
    '--json': 'print one JSON object with all findings instead of lines',
  },
  examples: [
    ['pipelines/orders.yaml', 'all findings as lines'],
    ['pipelines/orders.yaml --json', 'the same as one JSON object'],
    ['pipelines/orders.yaml --watch', 'again after each change'],
  ],
  options: { watch: { type: 'boolean' }, notices: { type: 'boolean' }, json: { type: 'boolean' } },
  words: 1,
  async run({ positionals, values }) {
    const file = positionals[0] ?? '';
    const isJson = values['json'] === true;
    if (values['watch'] === true) {
      const { checkOnChange } = await import('./check-watch.ts');
      return checkOnChange(file, [...(isJson ? ['--json'] : []), ...(values['notices'] === true ? ['--notices'] : [])]);
    }
    const { findings } = await withinDeadline(file, { output: 'stdout', isJson }, () => loadPipeline(file, 'check'));
    const envelope = findingsEnvelope(findings);
    if (isJson) {
      printJson('check', envelope);
    } else {
      const shown = values['notices'] === true ? findings : withoutNotices(findings);
      process.stdout.write(findingsText(shown));
      const left = findings.length - shown.length;
      if (left > 0)
        process.stdout.write(`${counted(left, 'notice')}: --notices shows ${left === 1 ? 'it' : 'them'}.\n`);
      process.stdout.write(envelope.ok ? `${positionals[0]} is fine.\n` : `${counted(errorsIn(findings), 'error')}.\n`);
    }
    return envelope.ok ? EXIT.fine : EXIT.invalid;
  },
};

function errorsIn(findings: readonly Finding[]): number {
  return findings.filter(({ severity }) => severity === 'error').length;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
