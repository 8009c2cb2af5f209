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
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, SluiceError } from '#contract/errors.ts';

/** The bridge's files hold payloads: only their owner may read them, whatever the umask. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
const OTHERS = 0o077;

/** SQLite's files beside a database file. */
export const SIDECARS = ['-wal', '-shm', '-journal'];

/** Names of the bridge's own files, of earlier versions too. A folder with any other file is shared. */
const BRIDGE_FILE =
  /^(?:holder|reserve|guards|audit|replay|schema-registries|stamps\.json|checkpoint-.+|(?:lock|dead-letters|state|ledger|memos|suspects|spool-.+)\.sqlite)(?:[-.].*)?$/;

/**
 * Makes a file for the owner alone, or removes the rights of others from an existing one. Throws STATE_LINKED where the
 * name is that of a link, or of anything but a file. True when it was made now.
 *
 * An existing file is never opened for this: closing it would release the locks that this process has on it.
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

/** Writes a text into a file of the owner alone, over its old content, and never through a link. Throws STATE_LINKED. */
export function writePrivate(path: string, text: string): void {
  makePrivate(path);
  const file = openSync(path, constants.O_WRONLY | constants.O_TRUNC | constants.O_SYNC | (constants.O_NOFOLLOW ?? 0));
  try {
    // writeSync may write a part of it, and says so by its result alone.
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
}

/** Whether a folder, or the existing part of its path, lies on that device. */
export function isOnDevice(folder: string, device: bigint | undefined): boolean {
  let at = folder;
  while (!existsSync(at) && at !== dirname(at)) at = dirname(at);
  return statSync(at, { bigint: true }).dev === device;
}

/** Makes a database file and its sidecars private to the owner. Throws STATE_LINKED. */
export function makePrivateDatabase(path: string): void {
  makePrivate(path);
  for (const side of SIDECARS) {
    const found = inspect(path + side);
    // SQLite makes missing ones with the rights of the file itself.
    if (found !== undefined) tighten(path + side, found, FILE_MODE);
  }
}

/** Undefined where there is nothing. Throws STATE_LINKED for anything but a file or a folder. */
export function inspect(path: string): Stats | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isFile() || found.isDirectory()) return found;
  const kind = found.isSymbolicLink() ? 'a symbolic link' : 'neither a file nor a folder';
  throw new SluiceError('STATE_LINKED', `expected ${path} to be a file of the bridge's own, found ${kind}`);
}

/**
 * Makes a folder for the owner alone, with the missing part of its path. An existing one is closed to others where it holds
 * only the bridge's own files. Returns whether it was made now, and why others may still read it.
 */
export function makePrivateFolder(path: string): { readonly isNew: boolean; readonly exposed: string | undefined } {
  const isNew = mkdirSync(path, { recursive: true, mode: FOLDER_MODE }) !== undefined;
  if (isNew) {
    chmodSync(path, FOLDER_MODE);
    return { isNew, exposed: undefined };
  }
  // The path that the operator gave may be a link: the folder behind it counts.
  const { mode } = lstatSync(`${path}/.`);
  if ((mode & OTHERS) === 0) return { isNew, exposed: undefined };
  const found = `mode ${(mode & 0o7777).toString(8)}`;
  if (readdirSync(path).some((name) => !BRIDGE_FILE.test(name))) {
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
    // Another user's file, in a folder that is shared by a group: it is usable, and the folder's mode is reported.
  }
}
