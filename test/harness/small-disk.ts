import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.ts';

/** A folder on a disk of its own, in memory. */
export interface SmallDisk extends Disposable {
  readonly path: string;
  /** Takes the disk away while files on it are open, and brings it back. */
  unplug(): void;
  plug(): void;
  /** Makes it so large. */
  resize(size: string): void;
}

/** Undefined where this process may not mount. `size`: as the kernel writes it, `16m`. */
export function smallDisk(size: string): SmallDisk | undefined {
  const folder = temporaryFolder('disk');
  const [behind, path] = [join(folder.path, 'behind'), join(folder.path, 'disk')];
  mkdirSync(behind);
  mkdirSync(path);
  const mount = (...words: string[]): void => void execFileSync('mount', words, { stdio: 'ignore' });
  // Lazily: of what failed a file may still be open.
  const unmount = (at: string): void => void execFileSync('umount', ['-l', at], { stdio: 'ignore' });
  const plug = (): void => mount('--bind', behind, path);
  try {
    mount('-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', behind);
  } catch {
    folder[Symbol.dispose]();
    return undefined;
  }
  plug();
  let isPlugged = true;
  return {
    path,
    unplug() {
      unmount(path);
      isPlugged = false;
    },
    plug() {
      plug();
      isPlugged = true;
    },
    resize: (to) => mount('-o', `remount,size=${to}`, behind),
    [Symbol.dispose]() {
      if (isPlugged) unmount(path);
      unmount(behind);
      folder[Symbol.dispose]();
    },
  };
}

export const NO_MOUNT = 'a small disk cannot be made here: needs the right to mount';
