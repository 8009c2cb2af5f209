import { findingsEnvelope, findingsText } from '../config/findings-text.ts';
import type { Finding } from '../config/findings.ts';
import { readPipeline } from './checked-pipeline.ts';
import type { Command } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { loadParts } from './load-parts.ts';

export const check: Command = {
  usage: 'PIPELINE [--json]',
  help: { '--json': 'print one JSON object instead of lines' },
  options: { json: { type: 'boolean' } },
  words: 1,
  async run({ positionals, values }) {
    const { result, project } = readPipeline(positionals[0] ?? '', 'check');
    const { spec } = result;
    const findings: Finding[] = [...result.findings];
    if (spec !== undefined) findings.push(...(await loadParts(spec, project)).findings);
    const envelope = findingsEnvelope(findings);
    if (values['json'] === true) {
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
