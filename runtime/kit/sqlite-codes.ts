/** Result codes of SQLite, without their detail. */
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

/** What the database complains of, by its own number; 0 when it does not say. */
export function codeOf(thrown: unknown): number {
  const code: unknown = thrown instanceof Error && 'errcode' in thrown ? thrown.errcode : undefined;
  // The lower byte is the kind, the rest its detail.
  return typeof code === 'number' ? code & 0xff : 0;
}
