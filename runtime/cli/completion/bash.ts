import { type Completed, firstWords, optionsOf, quoted } from './completed.ts';

/** Without a match of ours bash completes the names of files (`-o default`). */
export function bashScript(commands: readonly Completed[]): string {
  const words = commands.map(({ word }) => word).join(' ');
  const cases = (of: (one: Completed) => readonly string[]): string =>
    commands
      .filter((one) => of(one).length > 0)
      .map((one) => `    ${one.word}) echo ${quoted(of(one).join(' '))} ;;\n`)
      .join('');
  const values = commands
    .flatMap(({ word, command }) => optionsOf(command).map((option) => ({ word, ...option })))
    .filter(({ choices }) => choices.length > 0)
    .map(({ word, name, choices }) => `    '${word} --${name}') echo ${quoted(choices.join(' '))} ;;\n`)
    .join('');
  return `# Completion of sluice for bash. Made by: sluice completion bash
_sluice_options() {
  case $1 in
${cases(({ command }) => optionsOf(command).map(({ name }) => `--${name}`))}  esac
}
_sluice_first() {
  case $1 in
${cases(({ command }) => firstWords(command))}  esac
}
_sluice_values() {
  case "$1 $2" in
${values}  esac
}
_sluice() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]} found
  if [ "$COMP_CWORD" -eq 1 ]; then
    found='${words} --help --version'
  else
    found=$(_sluice_values "$command" "$prev")
    [ -n "$found" ] || case $cur in
      -*) found=$(_sluice_options "$command") ;;
      *) [ "$COMP_CWORD" -ne 2 ] || found=$(_sluice_first "$command") ;;
    esac
  fi
  # The words have no blanks and no patterns.
  # shellcheck disable=SC2207
  COMPREPLY=($(compgen -W "$found" -- "$cur"))
}
complete -o default -F _sluice sluice
`;
}
