import { catalog } from '../host/catalog.ts';
import { findingsEnvelope } from '../project/check/findings-text.ts';
import { withinDeadline } from './check-deadline.ts';
import type { Command } from './command.ts';
import { runUntilSignal } from './run-until-signal.ts';
import { liveLog } from './live-log.ts';
import { logSettings } from './log-settings.ts';
import { loadPipeline } from './load-parts.ts';
import { RUN_HELP, RUN_OPTIONS, runOptions, warnOfOlderOptions } from './run-options.ts';
import { withSpoolFolders } from './spool-folder.ts';
import { warnOfOlderState } from './state-folder.ts';
import { refuseFindings } from './refuse-findings.ts';

export const run: Command = {
  usage: 'PIPELINE [--admin HOST:PORT] [--state DIR] [--shutdown-timeout 10s] [--fail-fast]',
  help: RUN_HELP,
  examples: [
    ['pipelines/orders.yaml', 'with the state in .sluice/orders'],
    [
      'pipelines/orders.yaml --admin 127.0.0.1:9090 --fail-fast',
      "with the operator's page; ends where a bus cannot be reached",
    ],
  ],
  options: RUN_OPTIONS,
  words: 1,
  async run(given) {
    const pipelineFile = given.positionals[0] ?? '';
    const { result, project, parts, findings } = await withinDeadline(pipelineFile, { output: 'stderr' }, () =>
      loadPipeline(pipelineFile, 'run'),
    );
    const { spec } = result;
    if (spec === undefined || parts === undefined || !findingsEnvelope(findings).ok) return refuseFindings(findings);
    const live = liveLog(logSettings(spec, catalog, process.env));
    const { log } = live;
    // It runs: from here on every line is one of the log.
    for (const { severity, code, file, line, column, expected, found } of findings) {
      const text = expected === '' ? found : `expected ${expected}, found ${found}`;
      if (severity === 'warning') log.warn('check', { code, place: `${file}:${line}:${column}`, text });
    }
    const options = runOptions(given, project.folder, spec.name);
    warnOfOlderOptions(log, given);
    if (given.values['state'] === undefined) warnOfOlderState(log, project.folder, spec.name);
    return runUntilSignal(
      withSpoolFolders(project.folder, spec, log),
      { ...options, catalog, parts, log, environment: process.env },
      live,
    );
  },
};
