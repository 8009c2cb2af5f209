/**
 * A terminal obeys control characters, wherever they came from, and shows a text that turns the direction of writing as another
 * one: the text with each of them written out.
 */
export function harmless(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
