import { PATIENCE } from '../harness/patience.ts';
import type { FileResult, TestResult } from './file-run.ts';
import { estimate, type Group, type Progress, type SecondsOf, type Tally, tallyOf } from './pool.ts';
import { stemOf, type TestFile } from './tiers.ts';

const EVERY_MS = { terminal: 500, log: 15_000 } as const;
/** What a failing file printed is shown as far as this. */
const OUTPUT_CHARACTERS = 6000;
const CAUSE_CHARACTERS = 400;
const SLOWEST = 10;

/** `3:07`. */
function clockText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** `25 s`, `3:07 min`. */
export function durationText(seconds: number): string {
  return seconds < 60 ? `${Math.ceil(seconds)} s` : `${clockText(seconds)} min`;
}

export function countsText({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** What is going to happen. */
export function headline(
  tier: string,
  files: readonly TestFile[],
  groups: readonly Group[],
  secondsOf: SecondsOf,
): string {
  const parts = groups.map(({ name, files: some, atOnce }) =>
    name === 'alone' ? `${some.length} alone` : `${some.length} side by side, ${atOnce} at a time`,
  );
  const seconds = groups.reduce((sum, group) => sum + estimate(group.files.map(secondsOf), group.atOnce), 0);
  const patience = PATIENCE === 1 ? '' : `; every deadline ${PATIENCE} times as long`;
  return `${tier}: ${files.length} test files, ${parts.join(', then ')}; about ${durationText(seconds)}${patience}`;
}

/** Lines for a person: in a terminal the progress is one line that changes, elsewhere a line now and then. */
export class Screen {
  readonly #startMs = performance.now();
  readonly #terminal = process.stdout.isTTY;
  #timer: NodeJS.Timeout | undefined;
  #shown = false;

  get seconds(): number {
    return (performance.now() - this.#startMs) / 1000;
  }

  say(text: string): void {
    this.#wipe();
    process.stdout.write(`${text}\n`);
  }

  /** Shows the progress from now on, until `rest`. */
  follow(progress: () => Progress): void {
    const show = (): void => {
      const line = `[${clockText(this.seconds)}] ${progressText(progress())}`;
      if (!this.#terminal) return this.say(line);
      this.#wipe();
      process.stdout.write(line.slice(0, process.stdout.columns - 1));
      this.#shown = true;
    };
    this.#timer = setInterval(show, this.#terminal ? EVERY_MS.terminal : EVERY_MS.log);
  }

  rest(): void {
    clearInterval(this.#timer);
    this.#wipe();
  }

  #wipe(): void {
    if (this.#shown) process.stdout.write('\r\u001B[K');
    this.#shown = false;
  }
}

function progressText(progress: Progress): string {
  const { group, files, filesEnded, running, leftSeconds } = progress;
  const names = running.map(({ path }) => stemOf(path).replace(/^test\//, ''));
  const left = leftSeconds >= 1 ? `about ${durationText(leftSeconds)} left` : 'longer than expected';
  return `${group}: ${filesEnded} of ${files} files, ${countsText(progress)}, ${left}; running ${names.join(', ')}`;
}

const indented = (text: string): string => text.replace(/^/gm, '        ');

const hasFailed = ({ failure }: TestResult): boolean => failure !== undefined;

export function isBad({ tests, complaint }: FileResult): boolean {
  return complaint !== undefined || tests.some(hasFailed);
}

/** What is wrong with a file; undefined where nothing is. Said as soon as the file has ended. */
export function complaintText(result: FileResult): string | undefined {
  if (!isBad(result)) return undefined;
  const { file, tests, complaint, output } = result;
  const failed = tests.filter(hasFailed);
  const lines = failed.map(({ name, failure }) => `FAILED  ${file.path}\n        ${name}\n${indented(failure ?? '')}`);
  if (complaint !== undefined) lines.push(`FAILED  ${file.path}\n        ${complaint}`);
  if (output !== '') lines.push(indented(`--- notes and output of ${file.path}\n${output.slice(-OUTPUT_CHARACTERS)}`));
  return lines.join('\n');
}

function skippedLines(tests: readonly TestResult[]): readonly string[] {
  const reasons = new Map<string, number>();
  for (const { skipped } of tests) if (skipped !== undefined) reasons.set(skipped, (reasons.get(skipped) ?? 0) + 1);
  if (reasons.size === 0) return [];
  return ['Skipped, and why:', ...[...reasons].map(([reason, count]) => `  ${String(count).padStart(6)}  ${reason}`)];
}

/** What is kept of a long log is often its end: the cause stands there too. */
const inOneLine = (failure: string): string => failure.replaceAll(/\s+/g, ' ').slice(0, CAUSE_CHARACTERS);

function failedLines(results: readonly FileResult[]): readonly string[] {
  const failed = results.filter(isBad);
  if (failed.length === 0) return [];
  const lines = failed.flatMap(({ file, tests, complaint }) => [
    `  ${file.path}${complaint === undefined ? '' : `: ${complaint}`}`,
    ...tests.filter(hasFailed).flatMap(({ name, failure }) => [`    ${name}`, `      ${inOneLine(failure ?? '')}`]),
  ]);
  return ['Failed; run one alone with `node FILE`:', ...lines];
}

/** The ten slowest files, why anything was skipped, and what failed. The last line is for programs too. */
export function summaryText(results: readonly FileResult[], seconds: number, tier: string): string {
  const slowest = results.toSorted((one, other) => other.seconds - one.seconds).slice(0, SLOWEST);
  const tests = results.flatMap((result) => result.tests);
  return [
    'The slowest files, in seconds:',
    ...slowest.map((result) => `  ${result.seconds.toFixed(1).padStart(6)}  ${result.file.path}`),
    ...skippedLines(tests),
    ...failedLines(results),
    `${tier}: ${results.length} files, ${tests.length} tests in ${durationText(seconds)}`,
    countsText(tallyOf(results, tests)),
  ].join('\n');
}
