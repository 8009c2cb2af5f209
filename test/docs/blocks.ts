import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../harness/sluice-process.ts';

/** A fenced block of a page. */
export interface Block {
  readonly language: string;
  readonly text: string;
}

const FENCED = /^```(\w*)\n(.*?)^```$/gms;
/** What a reader types: the first word of a line. */
const TYPED = /^(?:npm|npx|node|sluice|export|ln|docker|curl|git|mkdir|cd|python3?|bash|sh|\.\/\S+) /;

/** Every page that a user reads, by its path in the repository. */
export function pages(): readonly string[] {
  const docs = globSync('docs/**/*.md', { cwd: REPOSITORY, exclude: ['docs/decisions/**'] });
  return ['README.md', 'runtime/README.md', ...docs].toSorted();
}

export function blocksOf(page: string): readonly Block[] {
  const text = readFileSync(join(REPOSITORY, page), 'utf8');
  return [...text.matchAll(FENCED)].map(([, language = '', inner = '']) => ({ language, text: inner }));
}

/** The commands of a page, in order, without the comments behind them. */
export function commandsOf(page: string): readonly string[] {
  return blocksOf(page)
    .filter(({ language }) => language === '' || language === 'sh')
    .flatMap(({ text }) => text.split('\n'))
    .map((line) => line.replace(/\s+#.*$/, ''))
    .filter((line) => TYPED.test(`${line} `));
}

/** The files that a page shows whole: their first line is a comment with the path. */
export function filesOf(page: string): ReadonlyMap<string, string> {
  return new Map(
    blocksOf(page).flatMap(({ text }) => {
      const path = /^(?:#|\/\/) ([\w./-]+\.\w+)\n/.exec(text)?.[1];
      return path === undefined ? [] : [[path, text] as const];
    }),
  );
}
