import type { ParseArgsOptionsConfig } from 'node:util';
import type { ExitCode } from './exit-codes.ts';

/** What the command line handed over, parsed. */
export interface Arguments {
  readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  readonly positionals: readonly string[];
}

/** One word after `sluice`. */
export interface Command {
  /** What stands behind the name: `PIPELINE [--json]`. */
  readonly usage: string;
  /** What `--help` says of each option. */
  readonly help: Readonly<Record<string, string>>;
  readonly options: ParseArgsOptionsConfig;
  /** How many words it takes beside its options; two numbers are the least and the most. */
  readonly words: number | readonly [least: number, most: number];
  /** Throws UsageError for what only the command can judge. */
  run(given: Arguments): Promise<ExitCode>;
}

/** The command line itself is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
