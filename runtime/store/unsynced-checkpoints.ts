import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { UnsyncedCheckpoint } from '#contract/unsynced-checkpoint.ts';
import { inspect, makePrivate } from './private-file.ts';

/** Two texts have room, and the older one is overwritten: a process that is killed while it writes leaves the other. */
const SLOT_BYTES = 1024 ** 2;
const HEAD = /^([0-9a-f]{8}) (\d{1,16}) (\d{1,7})\n/;
/** Of the first line, at most. */
const HEAD_BYTES = 40;

interface Written {
  readonly number: number;
  readonly text: string;
}

/** The unsynced checkpoints of a pipeline's ends. */
export interface UnsyncedCheckpoints {
  /** `owner`: names the end, the same at every start. Opens no file before its first use. Throws STATE_LINKED. */
  of(owner: string): UnsyncedCheckpoint;
  close(): void;
}

/** In a state folder that this process holds. */
export function unsyncedCheckpointsIn(folder: string): UnsyncedCheckpoints {
  const open = new Set<CheckpointFile>();
  return {
    of(owner) {
      const path = join(folder, `checkpoint-${owner.replaceAll(' ', '-')}`);
      // From here on a link is never followed, and not reported either.
      inspect(path);
      const file = new CheckpointFile(path);
      open.add(file);
      return file;
    },
    close() {
      for (const file of open) file.close();
    },
  };
}

class CheckpointFile implements UnsyncedCheckpoint {
  readonly #path: string;
  #file: number | undefined;
  /** Of the text that was written last. Undefined until the file is read. */
  #number: number | undefined;
  #isClosed = false;

  constructor(path: string) {
    this.#path = path;
  }

  read(): string | undefined {
    try {
      const [newest] = this.#readBoth().toSorted((one, other) => other.number - one.number);
      this.#number = newest?.number ?? 0;
      return newest?.text;
    } catch {
      return undefined;
    }
  }

  write(text: string): boolean {
    if (this.#isClosed) return false;
    if (this.#number === undefined) this.read();
    const number = (this.#number ?? 0) + 1;
    const body = Buffer.from(text);
    const head = Buffer.from(`${checksum(number, body)} ${number} ${body.length}\n`);
    if (head.length + body.length > SLOT_BYTES) return false;
    try {
      this.#file ??= openCheckpoint(this.#path);
      const all = Buffer.concat([head, body]);
      if (writeSync(this.#file, all, 0, all.length, (number % 2) * SLOT_BYTES) < all.length) return false;
      this.#number = number;
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    this.#isClosed = true;
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #readBoth(): readonly Written[] {
    if (inspect(this.#path) === undefined) return [];
    const file = (this.#file ??= openCheckpoint(this.#path));
    return [0, 1].map((slot) => writtenAt(file, slot * SLOT_BYTES)).filter((written) => written !== undefined);
  }
}

/** Never through a link. Throws. */
function openCheckpoint(path: string): number {
  makePrivate(path);
  return openSync(path, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0));
}

/** Undefined where the text is not whole. */
function writtenAt(file: number, position: number): Written | undefined {
  const head = bytesAt(file, position, HEAD_BYTES);
  const [line, sum, number, length] = HEAD.exec(head.toString('latin1')) ?? [];
  if (line === undefined) return undefined;
  const body = bytesAt(file, position + line.length, Math.min(Number(length), SLOT_BYTES));
  const isWhole = body.length === Number(length) && sum === checksum(Number(number), body);
  return isWhole ? { number: Number(number), text: body.toString() } : undefined;
}

/** Fewer where the file ends. */
function bytesAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, position));
}

function checksum(number: number, body: Buffer): string {
  return crc32(body, crc32(String(number)))
    .toString(16)
    .padStart(8, '0');
}
