const POLYNOMIAL = 0x82f63b78;

/** Eight tables of 256, one behind the other: the remainder of a byte with 0 to 7 zero bytes behind it. */
const TABLES = makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit += 1) remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
    tables[byte] = remainder;
  }
  for (let at = 256; at < tables.length; at += 1) {
    const before = tables[at - 256] ?? 0;
    tables[at] = (before >>> 8) ^ (tables[before & 0xff] ?? 0);
  }
  return tables;
}

/** CRC-32C (Castagnoli) of `bytes` from `start` to `end`, unsigned: the checksum of a record batch. */
export function crc32c(bytes: Uint8Array, start: number, end: number): number {
  const t = TABLES;
  let crc = -1;
  let at = start;
  // Eight bytes a step: twice as fast as one by one.
  for (const last = end - 7; at < last; at += 8) {
    crc ^=
      byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24);
    crc =
      tableAt(t, 0x700 | (crc & 0xff)) ^
      tableAt(t, 0x600 | ((crc >>> 8) & 0xff)) ^
      tableAt(t, 0x500 | ((crc >>> 16) & 0xff)) ^
      tableAt(t, 0x400 | (crc >>> 24)) ^
      tableAt(t, 0x300 | byteAt(bytes, at + 4)) ^
      tableAt(t, 0x200 | byteAt(bytes, at + 5)) ^
      tableAt(t, 0x100 | byteAt(bytes, at + 6)) ^
      tableAt(t, byteAt(bytes, at + 7));
  }
  for (; at < end; at += 1) crc = tableAt(t, (crc ^ byteAt(bytes, at)) & 0xff) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

function tableAt(table: Int32Array, at: number): number {
  return table[at] ?? 0;
}
