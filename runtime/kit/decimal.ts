const DECIMAL = /^-?\d+(\.\d+)?$/;

/**
 * Whether a text is a number in decimal digits: no hexadecimal, plus sign, spaces or exponent. Exception: JavaScript writes
 * numbers below 1e-6 and from 1e21 on with an exponent; exactly that form is accepted.
 */
export function isDecimal(text: string): boolean {
  return DECIMAL.test(text) || (text.includes('e') && String(Number(text)) === text);
}
