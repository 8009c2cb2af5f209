import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { messageOf, SluiceError } from '#contract/errors.ts';
import { UsageError } from './command.ts';

/** The lines hold payloads: only the owner may read them. */
const MODE = 0o600;

/**
 * Writes lines into a file of the owner alone, whatever the umask and the rights of an existing file: they go into a new
 * file beside it, which takes the name once all are written. So an earlier file is whole until then. Throws UsageError if
 * the name is that of a link or of anything but a file: it could lead anywhere. Throws STATE_UNUSABLE if they cannot be
 * written. Returns their number.
 */
export function exportPrivately(out: string, lines: Iterable<string>): number {
  const fresh = `${out}.new`;
  const file = begun(out, fresh);
  try {
    let count = 0;
    for (const line of lines) {
      for (let rest = Buffer.from(line); rest.length > 0;) rest = rest.subarray(writeSync(file, rest));
      count += 1;
    }
    renameSync(fresh, out);
    return count;
  } catch (thrown) {
    rmSync(fresh, { force: true });
    if (thrown instanceof SluiceError) throw thrown;
    throw new SluiceError('STATE_UNUSABLE', `expected to write ${out}, found ${messageOf(thrown)}`, { cause: thrown });
  } finally {
    closeSync(file);
  }
}

function begun(out: string, fresh: string): number {
  try {
    const found = lstatSync(out, { throwIfNoEntry: false });
    if (found !== undefined && !found.isFile()) {
      throw new Error(found.isSymbolicLink() ? 'a symbolic link' : 'neither a new name nor a file');
    }
    // A link of that name is removed, not followed.
    rmSync(fresh, { force: true });
    const file = openSync(fresh, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, MODE);
    // A umask may have taken the owner's own rights too. Under Node's permission model there is no fchmod.
    if ((fstatSync(file).mode & 0o777) !== MODE) fchmodSync(file, MODE);
    return file;
  } catch (thrown) {
    throw new UsageError(`expected --out with a file to write, found ${messageOf(thrown)}`);
  }
}
