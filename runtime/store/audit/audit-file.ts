import { closeSync, constants, ftruncateSync, openSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, SluiceError } from '#contract/errors.ts';
import { makePrivate, makePrivateFolder } from '../private-file.ts';
import { syncFolder } from '../sync-files.ts';
import { auditTail } from './audit-tail.ts';
import { type AuditRecord, BrokenChain, type ChainEnd, LOST, nextLine } from './chain.ts';
import type { ChainTip } from './chain-tip.ts';
import { verifyAudit } from './verify-audit.ts';

interface Waiting {
  readonly record: AuditRecord;
  resolve(): void;
  reject(error: SluiceError): void;
}

export interface AuditSettings {
  readonly path: string;
  readonly tip: ChainTip;
  /** Kept with the tip. */
  readonly note: string;
  readonly nowMs: () => number;
  /** The tip could not be written: a cut of the file's end would not be found. The records are safe. */
  readonly onTipLost: (error: SluiceError) => void;
}

/**
 * The audit file of one guard: JSON Lines, each with the hash of the line before. Records that are appended while the disk syncs
 * become durable together. One process at a time writes it.
 */
export class AuditFile {
  readonly #settings: AuditSettings;
  readonly #handle: FileHandle;
  readonly #inode: bigint;
  #end: ChainEnd;
  #bytes: number;
  /** What a write that failed was to write: behind the last record may be a part of it. */
  #torn: Buffer | undefined;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  private constructor(settings: AuditSettings, opened: Opened) {
    this.#settings = settings;
    this.#handle = opened.handle;
    this.#inode = opened.inode;
    this.#end = opened.end;
    this.#bytes = opened.bytes;
  }

  /**
   * Opens the file, making it if need be, and continues its chain behind its last whole line. A torn line is cut off and recorded, and so
   * are lines that the tip knows and the file has not. Rejects with GUARD_AUDIT where it cannot be written, where its last line is no
   * record, or where it is no audit file at all.
   */
  static async open(settings: AuditSettings): Promise<AuditFile> {
    const { path, tip } = settings;
    try {
      makePrivateFolder(dirname(path));
      if (makePrivate(path)) syncFolder(dirname(path));
      const { torn, ...tail } = mended(path);
      const before = tip.read();
      const isLost = before !== undefined && (await lacks(path, tail.end, before));
      // O_SYNC: a write is durable once it is over, under Node's permission model too. O_APPEND: another writer overwrites nothing.
      const flags = constants.O_RDWR | constants.O_APPEND | constants.O_SYNC | (constants.O_NOFOLLOW ?? 0);
      const handle = await open(path, flags);
      const { ino: inode } = await handle.stat({ bigint: true });
      const file = new AuditFile(settings, { handle, inode, ...tail });
      const notes: AuditRecord[] = [];
      if (torn !== undefined) notes.push({ kind: 'audit.torn', ...torn });
      if (isLost) notes.push({ kind: LOST, expected: { seq: before.seq, hash: before.hash } });
      await Promise.all(notes.map((record) => file.append(record)));
      return file;
    } catch (thrown) {
      throw unusable(path, thrown);
    }
  }

  /** Number and hash of the last durable record. */
  get end(): ChainEnd {
    return this.#end;
  }

  /** Resolves once the record is on the disk. Rejects with GUARD_AUDIT where it is not; it may be appended again then. */
  async append(record: AuditRecord): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ record, resolve, reject });
    this.#writing ??= this.#write();
    return promise;
  }

  /** After the records that are being written. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#handle.close();
  }

  async #write(): Promise<void> {
    // Records of the same turn go together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#writeTogether(batch);
        for (const waiting of batch) waiting.resolve();
      } catch (thrown) {
        const error = unusable(this.#settings.path, thrown);
        for (const waiting of batch) waiting.reject(error);
      }
    }
    this.#writing = undefined;
  }

  async #writeTogether(batch: readonly Waiting[]): Promise<void> {
    let end = this.#end;
    let text = '';
    for (const { record } of batch) {
      const next = nextLine(record, end, this.#settings.nowMs());
      text += next.line;
      end = next.end;
    }
    await this.#assertOwn();
    const bytes = Buffer.from(text);
    if (this.#torn !== undefined) await this.#handle.truncate(this.#bytes);
    this.#torn = bytes;
    for (let written = 0; written < bytes.length;) {
      written += (await this.#handle.write(bytes, written, bytes.length - written, null)).bytesWritten;
    }
    // Two that write at once both find the file as they left it before, and one of them does not afterwards.
    const { size } = await this.#handle.stat();
    if (size !== this.#bytes + bytes.length) throw new Error('lines of another writer');
    this.#torn = undefined;
    this.#bytes += bytes.length;
    this.#end = end;
    try {
      this.#settings.tip.write(end, this.#settings.note);
    } catch (thrown) {
      this.#settings.onTipLost(unusable('its tip', thrown));
    }
  }

  /** Somebody who cuts, replaces or removes the file while it is open must not get the next record. */
  async #assertOwn(): Promise<void> {
    const { path } = this.#settings;
    const { ino, size } = await stat(path, { bigint: true });
    if (ino !== this.#inode) throw new Error('another file under its name');
    const behind = Number(size) - this.#bytes;
    if (behind === 0) return;
    const torn = this.#torn ?? Buffer.alloc(0);
    const isOwn = behind > 0 && behind <= torn.length && (await this.#behind(behind)).equals(torn.subarray(0, behind));
    if (!isOwn) throw new Error(`${size} bytes where ${this.#bytes} were written`);
  }

  /** So many bytes behind the last record. */
  async #behind(count: number): Promise<Buffer> {
    const buffer = Buffer.alloc(count);
    const { bytesRead } = await this.#handle.read(buffer, 0, count, this.#bytes);
    return buffer.subarray(0, bytesRead);
  }
}

interface Opened {
  readonly handle: FileHandle;
  readonly inode: bigint;
  readonly end: ChainEnd;
  readonly bytes: number;
}

/** The tail of the file, after a torn line was cut off. */
function mended(path: string): ReturnType<typeof auditTail> {
  const file = openSync(path, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0));
  try {
    const tail = auditTail(file);
    if (tail.torn !== undefined) ftruncateSync(file, tail.bytes);
    return tail;
  } finally {
    closeSync(file);
  }
}

/** Whether a file with this end lacks the line that the tip knows. After a crash the file may have more lines. */
async function lacks(path: string, end: ChainEnd, tip: ChainEnd): Promise<boolean> {
  if (end.seq <= tip.seq) return end.seq < tip.seq || end.hash !== tip.hash;
  return !(await verifyAudit(path, tip)).isWhole;
}

function unusable(path: string, thrown: unknown): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const found =
    thrown instanceof BrokenChain ? `a last line that is no part of a chain: ${thrown.message}` : messageOf(thrown);
  return new SluiceError('GUARD_AUDIT', `expected to write the audit file ${path}, found ${found}`, { cause: thrown });
}
