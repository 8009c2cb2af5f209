import type { Example } from './command.ts';

/** The help text, one line an option. */
export function helpLines(help: Readonly<Record<string, string>>): string {
  return Object.entries(help)
    .map(([option, meaning]) => `  ${option.padEnd(20)} ${meaning}\n`)
    .join('');
}

/** Each example as a command that can be copied, with its effect as a comment of the shell above it. */
export function examplesText(start: string, examples: readonly Example[]): string {
  return examples.map(([args, effect]) => `  # ${effect}\n  ${`${start} ${args}`.trimEnd()}\n`).join('');
}
