import { randomFillSync } from 'node:crypto';
import { closeSync, ftruncateSync, lstatSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inspect, makePrivate } from './private-file.ts';

/** Before a row can be deleted, the log of a database, 4 MiB and a transaction of 4 MiB more, must fit into its file. */
const MOST_BYTES = 12 * 1024 ** 2;
/** The largest part of a small disk that it takes. */
const OF_DISK = 1 / 4;
/** Left free beside every write. */
const SLACK_BYTES = 1024 ** 2;
const PIECE_BYTES = 65_536;

/**
 * Disk space held in reserve: SQLite needs space even to delete. It is released on a full disk, so that stored messages
 * can be sent and deleted, and taken again before new ones are stored.
 */
export class Reserve {
  readonly #file: string;
  readonly #most: number;

  /** A file of that name, of `most` bytes at most. An existing file is taken over. Throws STATE_LINKED. */
  constructor(file: string, most: number = MOST_BYTES) {
    this.#file = file;
    this.#most = most;
    if (inspect(file) !== undefined) makePrivate(file);
  }

  /** Whether the space is held now. */
  get isThere(): boolean {
    return (lstatSync(this.#file, { throwIfNoEntry: false })?.size ?? 0) > 0;
  }

  /** Whether the disk has room for so many bytes twice, in a log and in its database file. True where that is unknown. */
  hasRoomFor(bytes: number): boolean {
    try {
      const { bavail, blocks, bsize } = statfsSync(dirname(this.#file));
      return bavail * bsize >= 2 * bytes + Math.min(SLACK_BYTES, blocks * bsize * OF_DISK * OF_DISK);
    } catch {
      return true;
    }
  }

  /** Frees the space. Never throws. */
  release(): void {
    try {
      rmSync(this.#file, { force: true });
    } catch {
      // An unmounted disk has no space to free.
    }
  }

  /** Takes the space where it is not held; false where there is none. `isContent`: takes less where there is less. Never throws. */
  make(isContent = false): boolean {
    if (this.isThere) return true;
    try {
      const { bavail, blocks, bsize } = statfsSync(dirname(this.#file));
      const free = bavail * bsize;
      const wanted = Math.max(PIECE_BYTES, Math.min(this.#most, Math.floor(blocks * bsize * OF_DISK)));
      // Some space must be left for new messages.
      const bytes = isContent ? Math.min(wanted, free - PIECE_BYTES) : wanted;
      if (bytes < PIECE_BYTES || (!isContent && free < bytes + 2 * SLACK_BYTES)) return false;
      this.#fill(bytes);
      return true;
    } catch {
      this.release();
      return false;
    }
  }

  #fill(bytes: number): void {
    makePrivate(this.#file);
    const file = openSync(this.#file, 'r+');
    try {
      ftruncateSync(file);
      // Random bytes: a file system could skip or compress zeros. The space is allocated at once, without a sync.
      for (let at = 0; at < bytes; at += PIECE_BYTES) writeSync(file, randomFillSync(Buffer.alloc(PIECE_BYTES)));
    } finally {
      closeSync(file);
    }
  }
}

/** The reserve of a state folder, for all of its files but the spools. */
export function reserveOf(folder: string): Reserve {
  return new Reserve(join(folder, 'reserve'), 4 * 1024 ** 2);
}
