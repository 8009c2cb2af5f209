import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestFile } from './tiers.ts';

const FILE = join(import.meta.dirname, 'seconds.json');
/** For a file that nobody has measured. */
const UNKNOWN_SECONDS = { fast: 1, slow: 8, server: 8, long: 40 } as const;

type Seconds = Readonly<Record<string, number>>;

/** How long each file took when somebody last ran with --remember: for the estimate, and to begin with the longest. */
function remembered(): Seconds {
  return JSON.parse(readFileSync(FILE, 'utf8')) as Seconds;
}

export function secondsBefore(): (file: TestFile) => number {
  const known = remembered();
  return ({ path, kind }) => known[path] ?? UNKNOWN_SECONDS[kind];
}

/** Writes down what has been measured; files that are gone go. */
export function remember(measured: Seconds, present: ReadonlySet<string>): void {
  const all = Object.entries({ ...remembered(), ...measured })
    .filter(([path]) => present.has(path))
    .map(([path, seconds]) => [path, Math.round(seconds * 10) / 10] as const)
    .toSorted(([one], [other]) => one.localeCompare(other));
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n`);
}
