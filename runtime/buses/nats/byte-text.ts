const ZERO = 48;
const NINE = 57;

/** The decimal number of these bytes; -1 where they are none. */
export function numberAt(bytes: Uint8Array, from: number, to: number): number {
  let value = from < to ? 0 : -1;
  for (let at = from; at < to; at += 1) {
    const code = bytes[at] ?? 0;
    if (code < ZERO || code > NINE) return -1;
    value = value * 10 + code - ZERO;
  }
  return value;
}

/** Whether the bytes from `from` to `to` begin with `prefix`. */
export function beginsAt(bytes: Uint8Array, from: number, to: number, prefix: Uint8Array): boolean {
  if (to - from < prefix.length) return false;
  for (let at = 0; at < prefix.length; at += 1) if (bytes[from + at] !== prefix[at]) return false;
  return true;
}
