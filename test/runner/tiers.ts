import { globSync } from 'node:fs';
import { basename, relative, resolve, sep } from 'node:path';

// What a file's name says: `x.test.ts` needs no server and no time, `x.slow.test.ts` takes seconds, `x.server.test.ts` uses
// real servers, `x.long.test.ts` repeats or waits much; `alone` before `test` says that its bounds on time want a quiet
// machine.

export const PROJECT = resolve(import.meta.dirname, '../..');

/** The least tier that a file belongs to. */
type Kind = 'fast' | 'slow' | 'server' | 'long';

export interface TestFile {
  /** From the project's folder, with `/`. */
  readonly path: string;
  readonly kind: Kind;
  /** It runs while nothing else does. */
  readonly alone: boolean;
}

/** A command's name, and which files it runs. `all` is for a file whatever its tier. */
export const TIERS = {
  fast: ['fast'],
  standard: ['fast', 'slow', 'server'],
  long: ['long'],
  all: ['fast', 'slow', 'server', 'long'],
} as const satisfies Record<string, readonly Kind[]>;

export type Tier = keyof typeof TIERS;

export function isTier(text: string): text is Tier {
  return Object.hasOwn(TIERS, text);
}

const KINDS = ['slow', 'server', 'long'] as const satisfies readonly Kind[];
const WORDS: ReadonlySet<string> = new Set([...KINDS, 'alone']);

/** Throws on a word in the name that says nothing. */
export function testFile(path: string): TestFile {
  const words = basename(path, '.test.ts').split('.').slice(1);
  const unknown = words.find((word) => !WORDS.has(word));
  if (unknown !== undefined) throw new Error(`${path}: "${unknown}" is none of ${[...WORDS].join(', ')}`);
  const kind = KINDS.find((word) => words.includes(word)) ?? 'fast';
  return { path, kind, alone: words.includes('alone') };
}

/** A path without the words of its tier: by it a file is known after it changed its tier. */
export function stemOf(path: string): string {
  return path.replace(/(\.\w+)*\.test\.ts$/, '');
}

/** The files of a tier; with patterns those whose path holds one of them. */
export function filesOf(tier: Tier, patterns: readonly string[]): readonly TestFile[] {
  const kinds: readonly Kind[] = TIERS[tier];
  return globSync('test/**/*.test.ts', { cwd: PROJECT })
    .map((path) => testFile(path.split(sep).join('/')))
    .filter(({ kind }) => kinds.includes(kind))
    .filter(({ path }) => patterns.length === 0 || patterns.some((pattern) => path.includes(withoutProject(pattern))))
    .toSorted((one, other) => one.path.localeCompare(other.path));
}

/** A path that a shell completed names the same file. */
function withoutProject(pattern: string): string {
  return pattern.startsWith(sep) ? relative(PROJECT, pattern) : pattern.replace(/^\.\//, '');
}
