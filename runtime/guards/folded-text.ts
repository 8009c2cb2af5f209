const UNSEEN = /[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * A text as its reader takes it: capitals, full-width letters and ligatures are the same word, and so is one with accents, or with marks in it
 * that nobody sees. Letters of other scripts that look alike stay different.
 */
export function folded(text: string): string {
  return text.toUpperCase().normalize('NFKD').replaceAll(UNSEEN, '').toUpperCase();
}

/** The words of a list, one a line; `#` begins a remark. */
export function wordsIn(text: string): readonly string[] {
  return text
    .split(/\r\n|[\n\r]/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
