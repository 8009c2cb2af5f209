import { rmSync } from 'node:fs';
import { asSluiceError } from '#contract/errors.ts';
import { pause } from '#kit/deadline.ts';
import { goneOf, messagesOf } from '../host/replay/replay-progress.ts';
import { replaysFolder, unfinished } from '../host/replay/replay-record.ts';
import {
  finishReplay,
  type PreparedReplay,
  type ReplaySettings,
  type RunningReplay,
  startReplay,
} from '../host/replay/start-replay.ts';
import { forgotten } from '../host/replay/survey.ts';
import { commandPrefix } from './command-prefix.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { rangeMeter } from './range-meter.ts';
import { countsOf, NOTHING_READ, type ReplayCounts } from './replay-counts.ts';
import { replayNotices } from './replay-notices.ts';
import { momentText, type ReplayReport, reportText } from './replay-report.ts';
import { untilSignal } from './run-until-signal.ts';
import { shortPath } from './short-path.ts';
import { logStrayErrors } from './stray-errors.ts';
import { jsonLine, printJson } from './output.ts';

const LOOK_MS = 100;

export interface ReplayTask {
  readonly file: string;
  readonly isJson: boolean;
  readonly prepared: PreparedReplay;
  /** State folder of the pipeline itself. */
  readonly stateFolder: string;
  /** The command that goes on with this replay. */
  readonly again: string;
}

/** `--dry-run` */
export function countRange({ prepared, isJson }: ReplayTask, renewsExpiry: boolean): ExitCode {
  const { record } = prepared;
  const { pipeline, route, id, fromMs, toMs, parts } = record;
  const notices = replayNotices(prepared, parts, renewsExpiry);
  const range = { messages: messagesOf(parts), gone: goneOf(parts) };
  const [from, to] = [momentText(fromMs), momentText(toMs)];
  if (isJson) printJson('replay', { ok: true, pipeline, route, id, from, to, range, notices });
  else process.stdout.write([rangeText(prepared), ...notices].map((line) => `${line}\n`).join(''));
  return EXIT.fine;
}

/** `--abandon` */
export async function abandonReplay({ prepared, isJson }: ReplayTask): Promise<ExitCode> {
  const { record, folder, isResumed } = prepared;
  const { pipeline, route, id } = record;
  if (isResumed) {
    await forgotten(prepared, record.reader);
    rmSync(folder, { recursive: true, force: true });
  }
  const text = isResumed
    ? `Given up: ${folder} and the reader ${record.reader} are gone.`
    : 'No such replay has begun.';
  process.stdout.write(
    isJson ? jsonLine('replay', { ok: true, pipeline, route, id, wasThere: isResumed }) : `${text}\n`,
  );
  return EXIT.fine;
}

/** Sends the range, until it has ended, or a signal comes, or the pipeline is lost. */
export async function runReplay(task: ReplayTask, settings: ReplaySettings): Promise<ExitCode> {
  const { prepared, isJson } = task;
  const { parts } = prepared.record;
  if (!isJson) announce(task, replayNotices(prepared, parts, settings.renewExpiryMs !== undefined));
  // Nothing is to be sent, and nothing is begun at the server.
  if (messagesOf(parts) === 0) {
    if (prepared.isResumed) await finishReplay(prepared, false);
    return print(task, { isFinished: true, counts: NOTHING_READ, why: undefined });
  }
  const stopping = untilSignal(settings.log);
  const stopWatch = logStrayErrors(settings.parts.functions, settings.log);
  const running = await startReplay(prepared, settings);
  let why = await watched(running, stopping, messagesOf(parts));
  const letters = running.numbers()?.deadLetters.letters ?? 0;
  await running.pipeline.stop();
  stopWatch();
  const counts = countsOf(running);
  if (why === undefined) {
    why = await finishReplay(prepared, letters > 0).then(
      () => undefined,
      (thrown: unknown) => `all is sent, but ${asSluiceError(thrown).message}: repeat the command to clean up`,
    );
  }
  return print(task, { isFinished: why === undefined, counts, why });
}

/** Resolves with undefined when all has ended, or with the reason why not. */
async function watched(running: RunningReplay, stopping: Promise<void>, all: number): Promise<string | undefined> {
  const { progress, pipeline } = running;
  const meter = rangeMeter(process.stderr);
  let isStopping = false;
  void stopping.then(() => (isStopping = true));
  try {
    for (;;) {
      const { read, share } = progress;
      meter.show({ share, read, all, counts: troubles(countsOf(running)) });
      if (progress.hasEnded) return undefined;
      if (isStopping) return 'interrupted';
      await Promise.race([pause(LOOK_MS), stopping, pipeline.lost]);
    }
  } catch (thrown) {
    const { code, message, remedy } = asSluiceError(thrown);
    return `${code}  ${message}. ${remedy}`;
  } finally {
    meter.end();
  }
}

function troubles({ expired, deadLettered, alreadyHeld }: ReplayCounts): readonly string[] {
  const counts = [
    [expired, 'expired'],
    [deadLettered, 'dead letters'],
    [alreadyHeld, 'held by the sink'],
  ] as const;
  return counts.filter(([count]) => count > 0).map(([count, name]) => `${count} ${name}`);
}

function announce({ prepared, stateFolder, file, again }: ReplayTask, notices: readonly string[]): void {
  const { record, isResumed } = prepared;
  const lines = [
    isResumed ? `goes on with an interrupted replay: ${rangeText(prepared)}` : rangeText(prepared),
    ...notices,
  ];
  if (!isResumed) lines.push(`to go on after an interruption: ${again}`);
  for (const { id, route, fromMs, toMs } of unfinished(replaysFolder(stateFolder))) {
    if (id === record.id) continue;
    lines.push(
      `replay ${id} is not finished: go on with it, or add --abandon: ${commandPrefix()} replay ${file} --route ${route} --from ${momentText(fromMs)} --to ${momentText(toMs)}`,
    );
  }
  process.stderr.write(lines.map((line) => `sluice: ${line}\n`).join(''));
}

function rangeText({ record }: PreparedReplay): string {
  const { route, fromMs, toMs, parts } = record;
  const isExact = parts.every(({ messages }) => messages !== undefined);
  return `route ${route}, from ${momentText(fromMs)} to ${momentText(toMs)}: ${isExact ? '' : 'up to '}${messagesOf(parts)} messages`;
}

interface Ended {
  readonly isFinished: boolean;
  readonly counts: ReplayCounts;
  readonly why: string | undefined;
}

function print({ prepared, isJson, file, again }: ReplayTask, { isFinished, counts, why }: Ended): ExitCode {
  const { record, folder, isResumed } = prepared;
  const { pipeline, route, id, fromMs, toMs, parts } = record;
  const hasLetters = counts.deadLettered > 0 || counts.blocked > 0;
  const report: ReplayReport = {
    pipeline,
    route,
    id,
    folder,
    from: momentText(fromMs),
    to: momentText(toMs),
    isResumed,
    isFinished,
    range: { messages: messagesOf(parts), gone: goneOf(parts) },
    counts,
    resume: isFinished ? undefined : again,
    deadLetters: hasLetters ? `${commandPrefix()} dlq list ${file} --state ${shortPath(folder)}` : undefined,
    why,
  };
  if (isJson) printJson('replay', { ok: isFinished && !hasLetters, ...report });
  else process.stdout.write(reportText(report));
  if (why !== undefined && !isJson) process.stderr.write(`sluice: ${why}\n`);
  if (why !== undefined) return EXIT.environment;
  return hasLetters ? EXIT.invalid : EXIT.fine;
}
