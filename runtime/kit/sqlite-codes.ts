/** Primary result codes of SQLite. */
export const CODES = {
  perm: 3,
  busy: 5,
  locked: 6,
  readOnly: 8,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  constraint: 19,
  mismatch: 20,
  notADatabase: 26,
} as const;

/** The primary result code of a thrown error; 0 for an error that has none. */
export function codeOf(thrown: unknown): number {
  const code: unknown = thrown instanceof Error && 'errcode' in thrown ? thrown.errcode : undefined;
  // The lower byte is the primary code, the rest is the extension.
  return typeof code === 'number' ? code & 0xff : 0;
}
