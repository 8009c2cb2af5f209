import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathOf } from '../provide.ts';

/** A number from 0 to below 1. */
type Chance = () => number;

/** One change of a file below the folder, in the order in which it happened. */
export interface Change {
  readonly kind: 'create' | 'write' | 'truncate' | 'sync' | 'rename' | 'unlink' | 'map';
  readonly path: string;
  /** Where it writes, or the size that is left; of a sync 1 where the main thread waited for it. */
  readonly at: number;
  readonly data: Buffer;
}

const KINDS: Readonly<Record<string, Change['kind']>> = {
  C: 'create',
  W: 'write',
  T: 'truncate',
  S: 'sync',
  R: 'rename',
  U: 'unlink',
  M: 'map',
};

/**
 * Environment of a process whose changes below `folder` are written down in `log`. The need of its test: `recorded-disk`.
 * `syncMs`: how long each sync takes, in milliseconds.
 */
export async function recording(
  folder: string,
  log: string,
  scratch: string,
  syncMs = 0,
): Promise<Record<string, string>> {
  const library = join(scratch, 'recorder.so');
  const source = join(import.meta.dirname, 'recorder.c');
  execFileSync(await pathOf('cc'), ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl']);
  return { LD_PRELOAD: library, DISK_FOLDER: folder, DISK_LOG: log, DISK_SYNC_MS: String(syncMs) };
}

/** What a process wrote down; a last record that is not whole did not happen. */
export function readChanges(log: string): Change[] {
  const bytes = readFileSync(log);
  const changes: Change[] = [];
  for (let at = 0; at + 17 <= bytes.length;) {
    const pathLength = bytes.readUInt32LE(at + 1);
    const dataLength = bytes.readUInt32LE(at + 13);
    const dataAt = at + 17 + pathLength;
    if (dataAt + dataLength > bytes.length) break;
    const kind = KINDS[String.fromCharCode(bytes[at] ?? 0)];
    if (kind === undefined) throw new Error(`no record at ${at} of ${log}`);
    changes.push({
      kind,
      path: bytes.toString('utf8', at + 17, dataAt),
      at: Number(bytes.readBigUInt64LE(at + 5)),
      data: bytes.subarray(dataAt, dataAt + dataLength),
    });
    at = dataAt + dataLength;
  }
  return changes;
}

/** What reaches a disk at once. */
const BLOCK = 4096;

/** One file: what is certain to be on the disk, and what a process did to it since. */
class DiskFile {
  #durable: Buffer;
  #pending: Change[] = [];

  constructor(durable: Buffer = Buffer.alloc(0)) {
    this.#durable = durable;
  }

  change(change: Change): void {
    this.#pending.push(change);
  }

  sync(): void {
    this.#durable = this.#applied(() => 0);
    this.#pending = [];
  }

  /** What the disk holds after a power cut: of what was not synced each block by chance, if `chance` is below a half. */
  cut(chance: Chance): Buffer {
    return this.#applied(chance);
  }

  #applied(chance: Chance): Buffer {
    let size = this.#durable.length;
    const reach = this.#pending.map(({ kind, at, data }) => (kind === 'write' ? at + data.length : at));
    const bytes = Buffer.alloc(Math.max(size, ...reach));
    this.#durable.copy(bytes);
    for (const { kind, at, data } of this.#pending) {
      if (kind === 'truncate') {
        if (chance() >= 0.5) continue;
        bytes.fill(0, Math.min(at, size));
        size = at;
        continue;
      }
      for (let from = 0; from < data.length;) {
        const to = Math.min(data.length, from + BLOCK - ((at + from) % BLOCK));
        if (chance() < 0.5) {
          data.copy(bytes, at + from, from, to);
          size = Math.max(size, at + to);
        }
        from = to;
      }
    }
    return bytes.subarray(0, size);
  }
}

type Names = ReadonlyMap<string, DiskFile>;

/** A disk under one folder without folders in it, as it follows the changes. */
export class RecordedDisk {
  #live = new Map<string, DiskFile>();
  /** Every state of the folder since it was synced. */
  #states: Names[] = [new Map()];

  /** A disk that holds these files, all synced. */
  constructor(files: ReadonlyMap<string, Buffer> = new Map()) {
    for (const [name, bytes] of files) this.#live.set(name, new DiskFile(bytes));
    this.#states = [new Map(this.#live)];
  }

  follow(change: Change, folder: string): void {
    const { kind, path, data } = change;
    if (kind === 'map') throw new Error(`${path} is written through memory: its syncs cannot be followed`);
    if (path === folder) {
      if (kind === 'sync') this.#states = [new Map(this.#live)];
      return;
    }
    const name = basename(path);
    if (kind === 'create') this.#live.set(name, new DiskFile());
    else if (kind === 'unlink') this.#live.delete(name);
    else if (kind === 'rename') {
      const file = this.#live.get(name);
      this.#live.delete(name);
      if (file !== undefined) this.#live.set(basename(data.toString()), file);
    } else if (kind === 'sync') this.#live.get(name)?.sync();
    // What is written into a file that has no name any more is nobody's.
    else this.#live.get(name)?.change(change);
    if (kind === 'create' || kind === 'unlink' || kind === 'rename') this.#states.push(new Map(this.#live));
  }

  /** What it holds when the power goes now. `all`, `nothing` or `some` of what was not synced is there. */
  cut(reached: 'all' | 'nothing' | 'some', chance: Chance): Map<string, Buffer> {
    const state = { all: this.#states.length - 1, nothing: 0, some: Math.floor(chance() * this.#states.length) };
    const luck = { all: () => 0, nothing: () => 1, some: chance }[reached];
    const names = this.#states[state[reached]] ?? new Map<string, DiskFile>();
    return new Map([...names].map(([name, file]) => [name, file.cut(luck)]));
  }
}

/** The same numbers for the same seed. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Puts the files of a disk into a folder, which is made. */
export function writeFiles(files: ReadonlyMap<string, Buffer>, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
}
