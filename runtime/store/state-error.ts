import { messageOf, SluiceError } from '#contract/errors.ts';
import { CODES, codeOf } from '#kit/sqlite-codes.ts';

/** Whether the file is not as it was written, or none of the kind. */
export function isDamage(thrown: unknown): boolean {
  const code = codeOf(thrown);
  return code === CODES.corrupt || code === CODES.notADatabase;
}

/** SQLITE_IOERR_SHMSIZE: no room for the index of a log. */
const NO_ROOM_FOR_INDEX = 4874;

/** Whether the disk has no room, as the database says it or the file system. */
export function isFullDisk(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  if ('errcode' in thrown && thrown.errcode === NO_ROOM_FOR_INDEX) return true;
  return codeOf(thrown) === CODES.full || ('code' in thrown && thrown.code === 'ENOSPC');
}

/** STATE_UNUSABLE or STATE_DAMAGED: what was to be done, and what came of it. An error of ours stays as it is. */
export function unusable(expected: string, thrown: unknown): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const code = isDamage(thrown) ? 'STATE_DAMAGED' : 'STATE_UNUSABLE';
  return new SluiceError(code, `expected to ${expected}, found ${messageOf(thrown)}`, { cause: thrown });
}
