import type { Command } from './command.ts';
import { bashScript } from './completion/bash.ts';
import { fishScript } from './completion/fish.ts';
import type { Completed } from './completion/completed.ts';
import { zshScript } from './completion/zsh.ts';
import { UsageError } from './command.ts';
import { EXIT } from './exit-codes.ts';

const SHELLS: Readonly<Record<string, (commands: readonly Completed[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

type Table = Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<Command> }>>;

/** `sluice completion`: prints a script for a shell, made of all commands of the table. */
export function completionOf(table: Table): Command {
  return {
    usage: Object.keys(SHELLS).join('|'),
    help: {},
    examples: [
      ['bash > ~/.local/share/bash-completion/completions/sluice', 'for bash, with the package bash-completion'],
      ['zsh > ~/.zfunc/_sluice', 'for zsh, where ~/.zfunc is in fpath before compinit'],
      ['fish > ~/.config/fish/completions/sluice.fish', 'for fish'],
    ],
    options: {},
    choices: { '': Object.keys(SHELLS) },
    words: [0, 1],
    async run({ positionals: [shell = ''] }) {
      const script = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
      if (script === undefined) {
        throw new UsageError(`expected ${Object.keys(SHELLS).join(', ')}, found ${shell === '' ? 'nothing' : shell}`);
      }
      const commands = Object.entries(table).map(async ([word, { summary, load }]) => ({
        word,
        summary,
        command: await load(),
      }));
      process.stdout.write(script(await Promise.all(commands)));
      return EXIT.fine;
    },
  };
}
