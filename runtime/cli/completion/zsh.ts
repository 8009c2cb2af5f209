import { type Completed, type CompletedOption, firstWords, optionsOf, quoted } from './completed.ts';

/** Works from a folder of `fpath`, and where the text is read by `source`. */
export function zshScript(commands: readonly Completed[]): string {
  const described = commands.map(({ word, summary }) => `    ${quoted(`${word}:${summary}`)}\n`).join('');
  const cases = commands.map(({ word, command }) => `    ${word}) _arguments ${argumentsOf(command)} ;;\n`).join('');
  return `#compdef sluice
# Completion of sluice for zsh. Made by: sluice completion zsh
_sluice() {
  local -a commands=(
${described}  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  shift words
  ((CURRENT--))
  case $words[1] in
${cases}    *) _files ;;
  esac
}
if [[ $funcstack[1] == _sluice ]]; then
  _sluice "$@"
else
  compdef _sluice sluice
fi
`;
}

function argumentsOf(command: Completed['command']): string {
  const words = firstWords(command);
  const first = words.length === 0 ? [] : [`1:word:(${words.join(' ')})`];
  return [...optionsOf(command).map(optionText), ...first, '*:file:_files'].map(quoted).join(' ');
}

/** In a text of `_arguments` brackets and colons have a meaning. */
function optionText({ name, takesValue, help, choices }: CompletedOption): string {
  const meaning = `[${help.replaceAll(/[[\]:\\]/g, String.raw`\$&`)}]`;
  if (!takesValue) return `--${name}${meaning}`;
  return `--${name}${meaning}:${name}:${choices.length > 0 ? `(${choices.join(' ')})` : '_files'}`;
}
