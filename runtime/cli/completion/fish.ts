import { type Completed, type CompletedOption, firstWords, optionsOf } from './completed.ts';

/** Fish quotes with a backslash within single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', String.raw`\\`).replaceAll("'", String.raw`\'`)}'`;
}

export function fishScript(commands: readonly Completed[]): string {
  const all = commands.map(({ word }) => word).join(' ');
  const first = commands.map(
    ({ word, summary }) =>
      `complete -c sluice -n 'not __fish_seen_subcommand_from ${all}' -f -a ${word} -d ${quoted(summary)}`,
  );
  const rest = commands.flatMap(({ word, command }) => {
    const seen = `__fish_seen_subcommand_from ${word}`;
    const words = firstWords(command).join(' ');
    return [
      ...(words === ''
        ? []
        : [`complete -c sluice -n '${seen}; and not __fish_seen_subcommand_from ${words}' -f -a ${quoted(words)}`]),
      ...optionsOf(command).map((option) => `complete -c sluice -n '${seen}' ${optionText(option)}`),
    ];
  });
  return `# Completion of sluice for fish. Made by: sluice completion fish\n${[...first, ...rest].join('\n')}\n`;
}

function optionText({ name, takesValue, help, choices }: CompletedOption): string {
  const value = choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : takesValue ? ' -r' : '';
  return `-l ${name}${value} -d ${quoted(help)}`;
}
