const PLAIN = /^[\x20-\x7e]*$/;
const REFUSED = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;

/** Characters that an MQTT text must not hold, or over which a receiver may close the connection ([MQTT-1.5.4-1] and -2, and 1.5.4). */
export const UNWIRABLE = REFUSED;

/** MQTT writes the length of a text in two bytes (1.5.4). */
export const MAX_TEXT_BYTES = 65_535;

/** The reason why `text` cannot be an MQTT text, or undefined. Never contains the text. */
export function textFlaw(text: string): string | undefined {
  if (!PLAIN.test(text) && REFUSED.test(text)) return 'a control character or what is no character in Unicode';
  // A UTF-16 unit takes at most three bytes.
  if (text.length * 3 > MAX_TEXT_BYTES && Buffer.byteLength(text) > MAX_TEXT_BYTES)
    return `more than ${MAX_TEXT_BYTES} bytes`;
  return undefined;
}
