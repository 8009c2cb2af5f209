/** The text, cut where it is longer than `most` characters, and never within a character. */
export function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most).toWellFormed()}...` : text;
}
