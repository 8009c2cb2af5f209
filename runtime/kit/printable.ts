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
