import { fdatasync } from 'node:fs';

/** Syncs at the same time, of all files: two of Node's four threads stay free for names, compression and ciphers. */
const AT_ONCE = 2;

let running = 0;
const waiting: (() => void)[] = [];

/**
 * Everything that was written into the file is on the disk when the promise resolves. A thread of Node's pool waits, not the
 * event loop. Rejects with the file system's error.
 */
export async function syncApart(descriptor: number): Promise<void> {
  if (running === AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running += 1;
  try {
    await new Promise<void>((resolve, reject) => {
      fdatasync(descriptor, (failure) => (failure === null ? resolve() : reject(failure)));
    });
  } finally {
    const next = waiting.shift();
    // The next one takes over its place.
    if (next === undefined) running -= 1;
    else next();
  }
}
