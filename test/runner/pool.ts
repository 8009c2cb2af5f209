import type { FileResult, FileRun, TestResult } from './file-run.ts';
import type { TestFile } from './tiers.ts';

/** Files of which so many run at the same time. */
export interface Group {
  readonly name: 'side by side' | 'alone';
  readonly files: readonly TestFile[];
  readonly atOnce: number;
}

export type SecondsOf = (file: TestFile) => number;

/** Those that may share the machine, the longest first so that none is left alone at the end; then the others, each alone. */
export function groupsOf(files: readonly TestFile[], secondsOf: SecondsOf, atOnce: number): readonly Group[] {
  const longestFirst = files.toSorted((one, other) => secondsOf(other) - secondsOf(one));
  const groups: readonly Group[] = [
    { name: 'side by side', files: longestFirst.filter(({ alone }) => !alone), atOnce },
    { name: 'alone', files: longestFirst.filter(({ alone }) => alone), atOnce: 1 },
  ];
  return groups.filter((group) => group.files.length > 0);
}

/** Seconds that these take as far as theirs are known: no less than the longest of them. */
export function estimate(seconds: readonly number[], atOnce: number): number {
  return Math.max(seconds.reduce((sum, one) => sum + one, 0) / atOnce, ...seconds, 0);
}

/** Tests that have ended. A file that ended badly counts as one that failed. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export function tallyOf(results: readonly FileResult[], tests: readonly TestResult[]): Tally {
  const failed = tests.filter(({ failure }) => failure !== undefined).length;
  const skipped = tests.filter((test) => test.skipped !== undefined).length;
  const complaints = results.filter(({ complaint }) => complaint !== undefined).length;
  return { passed: tests.length - failed - skipped, failed: failed + complaints, skipped };
}

/** What a line of progress is made of. */
export interface Progress extends Tally {
  readonly group: string;
  readonly files: number;
  readonly filesEnded: number;
  /** The longest first. */
  readonly running: readonly TestFile[];
  /** Expected, from now. */
  readonly leftSeconds: number;
}

export interface PoolOptions {
  readonly start: (file: TestFile) => FileRun;
  readonly ended: (result: FileResult) => void;
  readonly secondsOf: SecondsOf;
}

/** Runs groups one after the other, and the files of each several at a time. */
export class Pool {
  readonly results: FileResult[] = [];
  readonly #options: PoolOptions;
  readonly #running = new Set<FileRun>();
  #groups: readonly Group[] = [];
  #group: Group | undefined;
  #waiting: TestFile[] = [];

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Resolves once all have ended, or at once when the signal comes: `end` is for what runs then. */
  async run(groups: readonly Group[], signal: AbortSignal): Promise<void> {
    this.#groups = groups;
    const interrupted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    for (const group of groups) {
      if (signal.aborted) return;
      this.#group = group;
      this.#waiting = [...group.files];
      const strands = Array.from({ length: group.atOnce }, () => this.#strand(signal));
      await Promise.race([interrupted, Promise.all(strands)]);
    }
  }

  async #strand(signal: AbortSignal): Promise<void> {
    for (let file = this.#waiting.shift(); file !== undefined && !signal.aborted; file = this.#waiting.shift()) {
      const one = this.#options.start(file);
      this.#running.add(one);
      const result = await one.ended;
      this.#running.delete(one);
      this.results.push(result);
      this.#options.ended(result);
    }
  }

  /** Ends what runs: told first, killed after `graceMs`. */
  async end(graceMs: number): Promise<void> {
    const running = [...this.#running];
    for (const one of running) one.signal('SIGTERM');
    const gone = Promise.all(running.map(({ ended }) => ended));
    const late = new Promise((resolve) => setTimeout(resolve, graceMs));
    await Promise.race([gone, late]);
    for (const one of running) one.signal('SIGKILL');
    await gone;
  }

  /** With what has ended of the files that still run. */
  tally(): Tally {
    return tallyOf(
      this.results,
      [...this.results, ...this.#running].flatMap(({ tests }) => tests),
    );
  }

  progress(): Progress {
    const { secondsOf } = this.#options;
    const { name, files, atOnce } = this.#group ?? { name: '', files: [], atOnce: 1 };
    const running = [...this.#running].toSorted((one, other) => one.startedMs - other.startedMs);
    const left = running.map((one) => Math.max(0, secondsOf(one.file) - (performance.now() - one.startedMs) / 1000));
    const later = this.#groups.slice(this.#groups.findIndex((group) => group.name === name) + 1);
    return {
      ...this.tally(),
      group: name,
      files: files.length,
      filesEnded: files.length - this.#waiting.length - running.length,
      running: running.map(({ file }) => file),
      leftSeconds: later.reduce(
        (sum, group) => sum + estimate(group.files.map(secondsOf), group.atOnce),
        estimate([...left, ...this.#waiting.map(secondsOf)], atOnce),
      ),
    };
  }
}
