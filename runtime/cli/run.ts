import { catalog } from '../catalog.ts';
import { findingsEnvelope, findingsText } from '../config/findings-text.ts';
import type { Finding } from '../config/findings.ts';
import { readPipeline } from './checked-pipeline.ts';
import type { Command } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { holdPipeline } from './hold.ts';
import { loadParts } from './load-parts.ts';
import { processLog } from './process-log.ts';
import { RUN_HELP, RUN_OPTIONS, runOptions } from './run-options.ts';

export const run: Command = {
  usage: 'PIPELINE [--admin HOST:PORT] [--state DIR] [--drain 10s] [--fail-fast]',
  help: RUN_HELP,
  options: RUN_OPTIONS,
  words: 1,
  async run(given) {
    const { result, project } = readPipeline(given.positionals[0] ?? '', 'run');
    say(result.findings);
    const { spec } = result;
    if (spec === undefined) return EXIT.invalid;
    const { parts, findings } = await loadParts(spec, project);
    say(findings);
    if (!findingsEnvelope(findings).ok) return EXIT.invalid;
    const log = processLog();
    return holdPipeline(spec, { ...runOptions(given, spec.name), catalog, parts, log, environment: process.env });
  },
};

function say(findings: readonly Finding[]): void {
  const worthIt = findings.filter(({ severity }) => severity !== 'notice');
  if (worthIt.length > 0) process.stderr.write(findingsText(worthIt));
}
