import { resolve } from 'node:path';

/** One error of the TypeScript compiler. */
export interface CompilerMessage {
  /** Absolute. */
  readonly path: string;
  readonly line: number;
  readonly column: number;
  /** `TS2322` */
  readonly code: string;
  /** The reasons stand below the first line, each indented. */
  readonly text: string;
}

const LINE = /^(?<file>[^\s(][^(]*)\((?<line>\d+),(?<column>\d+)\): error (?<code>TS\d+): (?<text>.*(?:\n .*)*)/gm;

/** The errors in files. `folder`: where the compiler ran. */
export function messagesIn(output: string, folder: string): readonly CompilerMessage[] {
  return [...output.matchAll(LINE)].map(({ groups }) => {
    const { file = '', line, column, code = '', text = '' } = groups ?? {};
    return { path: resolve(folder, file), line: Number(line), column: Number(column), code, text };
  });
}
