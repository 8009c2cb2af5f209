const DECIMAL = /^-?\d+(\.\d+)?$/;

/**
 * Whether a text is a number in decimal digits: no hexadecimal, plus sign, spaces or exponent. JavaScript itself writes the
 * numbers of a body with an exponent below 1e-6 and from 1e21 on: exactly that form is taken.
 */
export function isDecimal(text: string): boolean {
  return DECIMAL.test(text) || (text.includes('e') && String(Number(text)) === text);
}
