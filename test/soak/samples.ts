import { readdirSync, readFileSync } from 'node:fs';

/** What a process takes up at one moment. */
export interface Sample {
  /** Since the start of the soak. */
  readonly atMs: number;
  readonly residentBytes: number;
  readonly descriptors: number;
  /** How long `/livez` took to answer: the event loop's delay and the time of a small request. */
  readonly answerMs: number;
}

/** Whether one quantity stayed what it was. */
export interface Flatness {
  readonly what: string;
  readonly early: number;
  readonly late: number;
  /** The greatest `late` that is flat. */
  readonly bound: number;
  readonly isFlat: boolean;
}

/** The start, with its caches and its first collections, is no measure of anything. */
const WARM_PART = 0.2;
const MIB = 1024 ** 2;

/** From Linux's /proc; throws where there is none. */
export function look(pid: number): Pick<Sample, 'residentBytes' | 'descriptors'> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  return { residentBytes: kib * 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

/**
 * Compares the last third with the first, the warming up left out. A median says nothing of single peaks, which
 * outages make; what leaks lifts it.
 */
export function flatness(samples: readonly Sample[]): readonly Flatness[] {
  const lastMs = samples.at(-1)?.atMs ?? 0;
  const counted = samples.filter(({ atMs }) => atMs >= lastMs * WARM_PART);
  const third = Math.ceil(counted.length / 3);
  const [first, last] = [counted.slice(0, third), counted.slice(-third)];
  const judge = (
    what: string,
    of: (sample: Sample) => number,
    share: number,
    boundFor: (early: number) => number,
  ): Flatness => {
    const [early, late] = [quantile(first.map(of), share), quantile(last.map(of), share)];
    const bound = boundFor(early);
    return { what, early, late, bound, isFlat: late <= bound };
  };
  return [
    judge(
      'memory, MiB, median',
      ({ residentBytes }) => residentBytes / MIB,
      0.5,
      (early) => early * 1.1 + 16,
    ),
    judge(
      'descriptors, median',
      ({ descriptors }) => descriptors,
      0.5,
      (early) => early + 4,
    ),
    judge(
      'answer of /livez, ms, 95 of 100',
      ({ answerMs }) => answerMs,
      0.95,
      (early) => Math.max(early * 2, 100),
    ),
  ];
}

/** `share` of the numbers are not greater. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
