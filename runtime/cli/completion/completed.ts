import type { Command } from '../command.ts';

/** A command, as its shell completes it. */
export interface Completed {
  readonly word: string;
  readonly summary: string;
  readonly command: Pick<Command, 'options' | 'help' | 'choices'>;
}

export interface CompletedOption {
  /** Without the two hyphens. */
  readonly name: string;
  readonly takesValue: boolean;
  readonly help: string;
  /** All values that there are; empty: any value, or the name of a file. */
  readonly choices: readonly string[];
}

/** The options that the manual of a command tells of, and `--help`, which each has. */
export function optionsOf({ options, help, choices = {} }: Completed['command']): readonly CompletedOption[] {
  const own = Object.entries(options).flatMap(([name, { type }]) => {
    const text = helpOf(name, help);
    return text === undefined
      ? []
      : [{ name, takesValue: type === 'string', help: text, choices: choices[name] ?? [] }];
  });
  return [...own, { name: 'help', takesValue: false, help: 'show the manual of this command', choices: [] }];
}

/** The texts of the manual begin with the option, and may show its value behind it: `--rate N/s`. */
function helpOf(name: string, help: Readonly<Record<string, string>>): string | undefined {
  return Object.entries(help).find(([option]) => option.split(' ').includes(`--${name}`))?.[1];
}

/** The words that may stand first behind the command, where it has a fixed list of them. */
export function firstWords({ choices }: Completed['command']): readonly string[] {
  return choices?.[''] ?? [];
}

/** Quoted for the shells of the Bourne family. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
