import { randomUUID } from 'node:crypto';
import { asSluiceError, SluiceError } from '#contract/errors.ts';
import { pause } from '#kit/deadline.ts';
import { harmless } from '#kit/printable.ts';
import { type RunningPipeline, startPipeline } from '../host/pipeline.ts';
import { replayObstacle } from '../store/dead-letters/replay-obstacle.ts';
import { isFolderFree } from '../store/state-folder.ts';
import { UsageError } from './command.ts';
import type { DlqTask, OwnRun } from './dlq-task.ts';
import { durationOption } from './duration-option.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { untilSignal } from './run-until-signal.ts';
import { letterSummary } from './dead-letter-json.ts';
import { rateOption } from './dead-letter-filter.ts';
import { quietLog } from './quiet-log.ts';
import { replayMeter } from './replay-meter.ts';
import { logStrayErrors } from './stray-errors.ts';
import { printJson } from './output.ts';

const LOOK_MS = 100;
/** Without progress for so long, the command checks whether the process that runs the pipeline still exists. */
const SUSPICIOUS_MS = 5000;
const DRAIN_MS = 10_000;
/** Letters that failed again and are named; the rest is counted. */
const NAMED = 20;

/** Sends letters through their routes again: by the process that runs the pipeline, or else by this one. */
export async function replayLetters(task: DlqTask): Promise<ExitCode> {
  const { given, deadLetters, filter, folder } = task;
  const renewal = given.values['renew-expiry'];
  const request = {
    name: randomUUID(),
    rate: rateOption(given),
    renewExpiryMs: typeof renewal === 'string' ? durationOption('--renew-expiry', renewal, '5m', '3650d') : undefined,
  };
  const routes = deadLetters.routes(filter);
  if (routes.length === 0) return print(task, { done: 0, failed: 0, requested: 0, issued: 0 }, request.name, undefined);
  refuse(task, request.renewExpiryMs);
  const isOwn = isFolderFree(folder);
  const own = isOwn ? await task.pipeline.load() : undefined;
  if (isOwn && own === undefined) return EXIT.invalid;
  deadLetters.request(filter, request, Date.now());
  const stopping = untilSignal(quietLog());
  const stopWatch = own === undefined ? undefined : logStrayErrors(own.parts.functions, quietLog());
  let pipeline: RunningPipeline | undefined;
  let why: string | undefined;
  try {
    pipeline = own === undefined ? undefined : await start(task, own, new Set(routes));
    why = await watched(task, request.name, stopping, pipeline);
  } catch (thrown) {
    const { code, message, remedy } = asSluiceError(thrown);
    why = `${code}  ${message}. ${remedy}`;
    deadLetters.withdraw(request.name);
  }
  await pipeline?.stop();
  stopWatch?.();
  // The request for letters that the stop has released is withdrawn: the command can be repeated.
  if (pipeline !== undefined) deadLetters.withdraw(request.name);
  const code = print(task, deadLetters.progress(request.name), request.name, why);
  deadLetters.forget(request.name);
  return code;
}

/** Throws UsageError if some of the letters could not be sent at all. */
function refuse({ deadLetters, filter, pipeline: { spec } }: DlqTask, renewExpiryMs: number | undefined): void {
  const routes = spec.routes.map(({ name, from: { expiresMs } }) => ({ name, expiresMs }));
  const obstacle = replayObstacle(deadLetters, filter, routes, renewExpiryMs);
  if (obstacle === undefined) return;
  throw new UsageError(
    obstacle.kind === 'unknown-routes'
      ? `expected routes that the pipeline has, found letters of ${obstacle.routes.join(', ')}: choose with --route, or give the route back to the file`
      : `expected letters that may still be sent, found ${obstacle.count} that have expired: write --renew-expiry 5m to send them all the same, or choose others with --code, --since or --id`,
  );
}

/** Undefined if another process has taken the folder first. */
async function start(
  { folder, pipeline: { catalog } }: DlqTask,
  { spec, parts }: OwnRun,
  replayOnly: ReadonlySet<string>,
): Promise<RunningPipeline | undefined> {
  try {
    return await startPipeline(spec, {
      catalog,
      parts,
      log: quietLog(),
      stateFolder: folder,
      admin: undefined,
      failFast: true,
      drainMs: DRAIN_MS,
      environment: process.env,
      replayOnly,
    });
  } catch (thrown) {
    if (thrown instanceof SluiceError && thrown.code === 'STATE_LOCKED') return undefined;
    throw thrown;
  }
}

/** Resolves with undefined when every letter has ended, or with the reason why not. Rejects when the pipeline is lost. */
async function watched(
  { deadLetters, folder }: DlqTask,
  request: string,
  stopping: Promise<void>,
  pipeline: RunningPipeline | undefined,
): Promise<string | undefined> {
  const meter = replayMeter(process.stderr, pipeline === undefined ? 'the running pipeline' : 'this process');
  let endsAtMs = Infinity;
  void stopping.then(() => {
    endsAtMs = performance.now() + DRAIN_MS;
    deadLetters.withdraw(request);
  });
  let moved = { left: Infinity, atMs: performance.now() };
  try {
    for (;;) {
      const progress = deadLetters.progress(request);
      meter.show(progress);
      const left = progress.requested + progress.issued;
      const nowMs = performance.now();
      if (left === 0) return endsAtMs === Infinity ? undefined : 'interrupted: repeat the command for the rest';
      if (nowMs >= endsAtMs) return `interrupted: ${left} letters have not ended within ${DRAIN_MS / 1000} s`;
      if (left !== moved.left) moved = { left, atMs: nowMs };
      if (pipeline === undefined && nowMs - moved.atMs >= SUSPICIOUS_MS) {
        if (isFolderFree(folder)) {
          return `the process that ran the pipeline is gone: its next start sends the ${left} letters, or repeat the command`;
        }
        moved = { left, atMs: nowMs };
      }
      await Promise.race([pause(LOOK_MS), ...(pipeline === undefined ? [] : [pipeline.lost])]);
    }
  } finally {
    meter.end();
  }
}

function print(
  { deadLetters, filter, folder, isJson }: DlqTask,
  { done, failed, requested, issued }: { done: number; failed: number; requested: number; issued: number },
  request: string,
  why: string | undefined,
): ExitCode {
  const failures = deadLetters.failures(request, NAMED);
  const underWay = requested + issued;
  const ok = why === undefined && failed === 0;
  if (isJson) {
    const envelope = { ok, folder, wentThrough: done, failed, underWay, why, failures: failures.map(letterSummary) };
    printJson('dlq', envelope);
  } else {
    const kept = deadLetters.count(filter) - failed;
    const counts = [`${done} went through`, ...(failed > 0 ? [`${failed} failed again`] : [])];
    if (kept > 0) counts.push(`${kept} still lie there`);
    process.stdout.write(done + failed + kept === 0 ? 'There are no such letters.\n' : `${counts.join(', ')}.\n`);
    for (const { number, code, attempts, text } of failures) {
      process.stdout.write(`  ${number}  ${code}  after ${attempts} attempts: ${harmless(text)}\n`);
    }
    if (failed > failures.length) process.stdout.write(`  and ${failed - failures.length} more\n`);
    if (why !== undefined) process.stderr.write(`sluice: ${why}\n`);
  }
  if (why !== undefined) return EXIT.environment;
  return ok ? EXIT.fine : EXIT.invalid;
}
