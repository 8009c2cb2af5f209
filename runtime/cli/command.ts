import type { ParseArgsOptionsConfig } from 'node:util';
import type { ExitCode } from './exit-codes.ts';

/** The parsed command line. */
export interface Arguments {
  readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  readonly positionals: readonly string[];
}

/** Arguments of a command, and their effect. */
export type Example = readonly [args: string, effect: string];

/** One word after `sluice`. */
export interface Command {
  /** The part behind the name: `PIPELINE [--json]`. */
  readonly usage: string;
  /** The text of `--help` for each option. */
  readonly help: Readonly<Record<string, string>>;
  /** At least two: the part behind the name, and what it does. */
  readonly examples: readonly Example[];
  readonly options: ParseArgsOptionsConfig;
  /** All values of an option by its name, or all first words by '', where the list is fixed: for the completion of shells. */
  readonly choices?: Readonly<Record<string, readonly string[]>>;
  /** The number of words beside its options; two numbers are the least and the most. */
  readonly words: number | readonly [least: number, most: number];
  /** Throws UsageError for arguments that only the command can check. */
  run(given: Arguments): Promise<ExitCode>;
}

/** The command line itself is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
