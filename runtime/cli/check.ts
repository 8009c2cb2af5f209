import { findingsEnvelope, findingsText } from '../config/findings-text.ts';
import type { Finding } from '../config/findings.ts';
import { withinDeadline } from './check-deadline.ts';
import type { Command } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { loadPipeline } from './load-parts.ts';

export const check: Command = {
  usage: 'PIPELINE [--json]',
  help: { '--json': 'print one JSON object instead of lines' },
  options: { json: { type: 'boolean' } },
  words: 1,
  async run({ positionals, values }) {
    const file = positionals[0] ?? '';
    const isJson = values['json'] === true;
    const { findings } = await withinDeadline(file, { output: 'stdout', isJson }, () => loadPipeline(file, 'check'));
    const envelope = findingsEnvelope(findings);
    if (isJson) {
      process.stdout.write(`${JSON.stringify(envelope)}\n`);
    } else {
      process.stdout.write(findingsText(findings));
      process.stdout.write(envelope.ok ? `${positionals[0]} is fine.\n` : `${count(findings)}.\n`);
    }
    return envelope.ok ? EXIT.fine : EXIT.invalid;
  },
};

function count(findings: readonly Finding[]): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  return errors === 1 ? '1 error' : `${errors} errors`;
}
