/** The help text, one line an option. */
export function helpLines(help: Readonly<Record<string, string>>): string {
  return Object.entries(help)
    .map(([option, meaning]) => `  ${option.padEnd(20)} ${meaning}\n`)
    .join('');
}
