const EXPONENT = /^(-?)(\d)(?:\.(\d+))?e-(\d+)$/;

/** With a decimal point and no exponent, as the schema of events demands (`9999999.0`). The same number is read from it. */
export function decimal(value: number): string {
  if (Number.isInteger(value)) return `${BigInt(value)}.0`;
  const text = String(value);
  const found = EXPONENT.exec(text);
  if (found === null) return text;
  const [, sign = '', first = '', rest = '', zeros = ''] = found;
  return `${sign}0.${'0'.repeat(Number(zeros) - 1)}${first}${rest}`;
}
