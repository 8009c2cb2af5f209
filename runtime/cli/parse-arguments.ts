import { parseArgs } from 'node:util';
import { messageOf } from '#contract/errors.ts';
import { didYouMean } from '#kit/nearest.ts';
import { type Arguments, type Command, UsageError } from './command.ts';

/** Reads the arguments behind a command's name. Throws UsageError, with the most similar option. */
export function parseArguments(
  { options, words, usage }: Pick<Command, 'options' | 'words' | 'usage'>,
  args: readonly string[],
): Arguments {
  let given: Arguments;
  try {
    given = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (thrown) {
    throw new UsageError(unknownOption(messageOf(thrown), Object.keys(options)) ?? messageOf(thrown), {
      cause: thrown,
    });
  }
  const count = given.positionals.length;
  const [least, most] = typeof words === 'number' ? [words, words] : words;
  if (count < least || count > most) throw new UsageError(`expected ${expected(usage, least, most)}, found ${count}`);
  return given;
}

function expected(usage: string, least: number, most: number): string {
  if (most === 0) return 'no words';
  if (most === 1 && usage.startsWith('PIPELINE ')) return 'one pipeline file';
  const count = least === most ? String(most) : most === Infinity ? `at least ${least}` : `${least} to ${most}`;
  return `${count} ${count === '1' ? 'word' : 'words'} behind the command`;
}

function unknownOption(message: string, known: readonly string[]): string | undefined {
  const option = /^Unknown option '(-[^']*)'/.exec(message)?.[1];
  if (option === undefined) return undefined;
  const there = known.length === 0 ? '; it has none' : `; there are ${known.map((name) => `--${name}`).join(', ')}`;
  const hint = didYouMean(option.replace(/^-+/, ''), known, '--');
  return `expected an option of this command, found ${option}${hint || there}`;
}
