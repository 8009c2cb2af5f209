import { constants } from 'node:os';
import type { Log } from '#contract/log.ts';
import type { PipelineSpec } from '../project/pipeline-spec.ts';
import { type RunningPipeline, type RunSettings, startPipeline } from '../host/pipeline.ts';
import { reportFailure } from './report-failure.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { exportLogs } from './export-logs.ts';
import type { LiveLog } from './live-log.ts';
import { logStrayErrors } from './stray-errors.ts';
import { boundYoungGeneration } from './young-generation.ts';

/**
 * Runs a pipeline until SIGTERM or SIGINT, then drains it. A second signal ends the process at once: unsettled messages
 * stay with the source. `live`: shows its routes, and its log is exported. Resolves with the exit code.
 */
export async function runUntilSignal(spec: PipelineSpec, settings: RunSettings, live?: LiveLog): Promise<ExitCode> {
  // A bus may hold no open handle: this timer keeps the process alive until a signal.
  const alive = setInterval(() => {}, 2 ** 30);
  const stopBounding = boundYoungGeneration();
  const stopExport = live && (await exportLogs(live.log, spec.name, settings.environment));
  try {
    return await held(spec, settings, live?.show ?? (() => () => {}));
  } finally {
    await stopExport?.();
    clearInterval(alive);
    stopBounding();
  }
}

async function held(spec: PipelineSpec, settings: RunSettings, show: LiveLog['show']): Promise<ExitCode> {
  const signal = untilSignal(settings.log);
  const stopWatch = logStrayErrors(settings.parts.functions, settings.log);
  let pipeline: RunningPipeline;
  try {
    pipeline = await startPipeline(spec, settings);
  } catch (thrown) {
    return reportFailure(thrown, settings.log);
  }
  const stopShow = show(pipeline);
  let code: ExitCode = EXIT.fine;
  try {
    await Promise.race([signal, pipeline.lost]);
  } catch (thrown) {
    code = reportFailure(thrown, settings.log);
  }
  stopShow();
  await pipeline.stop();
  stopWatch();
  return code;
}

/** Resolves at the first SIGTERM or SIGINT; the second one ends the process. If npm started the process, the end of npm counts as one. */
export function untilSignal(log: Log): Promise<void> {
  return new Promise((resolve) => {
    let isFirst = true;
    const onSignal = (signal: 'SIGINT' | 'SIGTERM'): void => {
      if (!isFirst) process.exit(128 + constants.signals[signal]);
      isFirst = false;
      log.info('stopping', { signal, text: 'finishing messages in flight; a second signal ends at once' });
      resolve();
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
    onceNpmIsGone(() => {
      if (!isFirst) return;
      isFirst = false;
      log.info('stopping', { text: 'npm, which started the process, has ended: finishing messages in flight' });
      resolve();
    });
  });
}

const LOOK_MS = 500;

/** npm and npx start a process through a shell. At a signal they end the shell, and the process receives no signal. */
function onceNpmIsGone(act: () => void): void {
  const { npm_execpath: npm } = process.env;
  const parent = process.ppid;
  if (npm === undefined || parent === 1) return;
  const looking = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(looking);
    act();
  }, LOOK_MS);
  looking.unref();
}
