import { randomFillSync } from 'node:crypto';
import { closeSync, ftruncateSync, lstatSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inspect, makePrivate } from './private-file.ts';

/** The log of a database, 4 MiB and a transaction of 4 MiB more, must fit into its file before anything in it can be deleted. */
const MOST_BYTES = 12 * 1024 ** 2;
/** Of a small disk it takes no more than this part. */
const OF_DISK = 1 / 4;
/** Left free beside what is written. */
const SLACK_BYTES = 1024 ** 2;
const PIECE_BYTES = 65_536;

/**
 * Demand on the disk that is kept for the moment when there is none: SQLite needs some to delete, too. Given up on a full
 * disk, so that what lies there can leave, and taken again before anything new comes in.
 */
export class Reserve {
  readonly #file: string;
  readonly #most: number;

  /** A file of that name, of `most` bytes at most. What an earlier process left there is taken over. Throws STATE_LINKED. */
  constructor(file: string, most: number = MOST_BYTES) {
    this.#file = file;
    this.#most = most;
    if (inspect(file) !== undefined) makePrivate(file);
  }

  /** Whether the room is kept now. */
  get isThere(): boolean {
    return (lstatSync(this.#file, { throwIfNoEntry: false })?.size ?? 0) > 0;
  }

  /** Whether the disk has room for so many bytes twice, in a log and in the file behind it. True where it cannot be asked. */
  hasRoomFor(bytes: number): boolean {
    try {
      const { bavail, blocks, bsize } = statfsSync(dirname(this.#file));
      return bavail * bsize >= 2 * bytes + Math.min(SLACK_BYTES, blocks * bsize * OF_DISK * OF_DISK);
    } catch {
      return true;
    }
  }

  /** Gives the room up. Never throws. */
  release(): void {
    try {
      rmSync(this.#file, { force: true });
    } catch {
      // A disk that is away has no room either.
    }
  }

  /** Takes the room where it is not kept; false where there is none. `isContent`: with less, where there is less. Never throws. */
  make(isContent = false): boolean {
    if (this.isThere) return true;
    try {
      const { bavail, blocks, bsize } = statfsSync(dirname(this.#file));
      const free = bavail * bsize;
      const wanted = Math.max(PIECE_BYTES, Math.min(this.#most, Math.floor(blocks * bsize * OF_DISK)));
      // Some must be left for what is to come in.
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
      // Nothing that a file system could leave out or fold together. What is written is accounted for at once: no sync.
      for (let at = 0; at < bytes; at += PIECE_BYTES) writeSync(file, randomFillSync(Buffer.alloc(PIECE_BYTES)));
    } finally {
      closeSync(file);
    }
  }
}

/** That of a state folder: for the files in it that are no spool. */
export function reserveOf(folder: string): Reserve {
  return new Reserve(join(folder, 'reserve'), 4 * 1024 ** 2);
}
