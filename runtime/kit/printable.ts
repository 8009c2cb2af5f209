/**
 * The text with control characters and characters that change the direction of writing escaped: a terminal would execute
 * the former, and the latter make a text look like another one.
 */
export function harmless(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A foreign text with ` | ` for its line breaks: they would forge a second line. */
export function oneLine(text: string): string {
  return text.replaceAll(/\s*[\n\v\f\r\u0085\u2028\u2029]+\s*/g, ' | ');
}

const UNSEEN = /[\p{Cf}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}]/gu;

/** As `harmless`, with the marks escaped too that nobody sees: who reads it has read all of it. */
export function visible(text: string): string {
  return harmless(text).replaceAll(UNSEEN, (mark) => `\\u{${mark.codePointAt(0)?.toString(16)}}`);
}
