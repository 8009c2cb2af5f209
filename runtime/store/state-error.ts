import { messageOf, SluiceError } from '#contract/errors.ts';
import { CODES, codeOf } from '#kit/sqlite-codes.ts';

/** Whether the file is damaged, or no database. */
export function isCorrupt(thrown: unknown): boolean {
  const code = codeOf(thrown);
  return code === CODES.corrupt || code === CODES.notADatabase;
}

/** SQLITE_IOERR_SHMSIZE: no room for the index of a log. */
const NO_ROOM_FOR_INDEX = 4874;

/** Whether the disk is full, as an error of the database or of the file system, or as the cause of another error. */
export function isFullDisk(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  if (isFullDisk(thrown.cause)) return true;
  if ('errcode' in thrown && thrown.errcode === NO_ROOM_FOR_INDEX) return true;
  return codeOf(thrown) === CODES.full || ('code' in thrown && thrown.code === 'ENOSPC');
}

/** STATE_UNUSABLE or STATE_DAMAGED, with the attempted action and the cause. A SluiceError is returned as it is. */
export function stateError(expected: string, thrown: unknown): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const code = isCorrupt(thrown) ? 'STATE_DAMAGED' : 'STATE_UNUSABLE';
  return new SluiceError(code, `expected to ${expected}, found ${messageOf(thrown)}`, { cause: thrown });
}
