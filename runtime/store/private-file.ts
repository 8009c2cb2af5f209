import {
  chmodSync,
  closeSync,
  existsSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  type Stats,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, SluiceError } from '#contract/errors.ts';

/** What the bridge keeps holds payloads: nobody else reads it, whatever the umask. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
const OTHERS = 0o077;

/** What SQLite puts beside a database file. */
export const SIDES = ['-wal', '-shm', '-journal'];

/** Names that the bridge itself gives; whatever else lies in a folder makes it somebody else's too. */
const OWN_NAME =
  /^(?:holder|reserve|stamps\.json|(?:lock|dead-letters|ledger|memos|suspects|spool-.+)\.sqlite)(?:[-.].*)?$/;

/**
 * Makes a file for the owner alone, or takes the rights of others from one that is there. Throws STATE_LINKED where the
 * name is that of a link, or of anything but a file. True when it was made now.
 *
 * A file that is there is never opened for this: closing it would give up the locks that this process has on it.
 */
export function makePrivate(path: string): boolean {
  const found = inspect(path);
  if (found !== undefined) {
    tighten(path, found, FILE_MODE);
    return false;
  }
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | (constants.O_NOFOLLOW ?? 0);
  const file = openSync(path, flags, FILE_MODE);
  try {
    // A umask may have taken the owner's own rights too. Under Node's permission model there is no fchmod.
    if ((fstatSync(file).mode & 0o777) !== FILE_MODE) fchmodSync(file, FILE_MODE);
  } finally {
    closeSync(file);
  }
  return true;
}

/** Writes a text into a file of the owner alone, over what was there, and never through a link. Throws STATE_LINKED. */
export function writePrivate(path: string, text: string): void {
  makePrivate(path);
  const file = openSync(path, constants.O_WRONLY | constants.O_TRUNC | constants.O_SYNC | (constants.O_NOFOLLOW ?? 0));
  try {
    writeSync(file, text);
  } finally {
    closeSync(file);
  }
}

/** Whether a folder, or what there is of the way to it, lies on that device. */
export function isOnDevice(folder: string, device: bigint | undefined): boolean {
  let at = folder;
  while (!existsSync(at) && at !== dirname(at)) at = dirname(at);
  return statSync(at, { bigint: true }).dev === device;
}

/** A database file and what lies beside it, for the owner alone. Throws STATE_LINKED. */
export function makePrivateDatabase(path: string): void {
  makePrivate(path);
  for (const side of SIDES) {
    const found = inspect(path + side);
    // SQLite makes those that are not there with the rights of the file itself.
    if (found !== undefined) tighten(path + side, found, FILE_MODE);
  }
}

/** Undefined where nothing is. Throws STATE_LINKED for anything but a file of its own. */
export function inspect(path: string): Stats | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isFile() || found.isDirectory()) return found;
  const kind = found.isSymbolicLink() ? 'a symbolic link' : 'neither a file nor a folder';
  throw new SluiceError('STATE_LINKED', `expected ${path} to be a file of the bridge's own, found ${kind}`);
}

/**
 * Makes a folder for the owner alone, and what of its path is missing. One that is there is closed to others where nothing
 * but the bridge's own files lies in it. Returns whether it was made now, and why others may still look into it.
 */
export function makePrivateFolder(path: string): { readonly isNew: boolean; readonly exposed: string | undefined } {
  const isNew = mkdirSync(path, { recursive: true, mode: FOLDER_MODE }) !== undefined;
  if (isNew) {
    chmodSync(path, FOLDER_MODE);
    return { isNew, exposed: undefined };
  }
  // The operator's own word may be a link: it is the folder behind it that counts.
  const { mode } = lstatSync(`${path}/.`);
  if ((mode & OTHERS) === 0) return { isNew, exposed: undefined };
  const found = `mode ${(mode & 0o7777).toString(8)}`;
  if (readdirSync(path).some((name) => !OWN_NAME.test(name))) {
    return { isNew, exposed: `${found} of a folder that holds other files too` };
  }
  try {
    chmodSync(path, FOLDER_MODE);
    return { isNew, exposed: undefined };
  } catch (thrown) {
    return { isNew, exposed: `${found}, and it cannot be changed: ${messageOf(thrown)}` };
  }
}

function tighten(path: string, found: Stats, wanted: number): void {
  if ((found.mode & OTHERS) === 0 || !found.isFile()) return;
  try {
    chmodSync(path, wanted);
  } catch {
    // Another user's file, in a folder that several share by a group: it is usable, and the folder's mode is told.
  }
}
