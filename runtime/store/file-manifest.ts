import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '#contract/errors.ts';
import { syncFolder } from './sync-files.ts';
import { inspect, makePrivate, writePrivate } from './private-file.ts';
import { damagedName } from './replace-damaged.ts';

const MANIFEST = 'stamps.json';

/** The damage that a start found in a file, and its repair. */
export interface DamageReport {
  /** The damaged file. */
  readonly file: string;
  /** The new name of the damaged file; undefined where there was none, or it was repaired in place. */
  readonly movedTo: string | undefined;
  readonly flaw: string;
  /** Readable rows that are in the new file; undefined where there is no new file. */
  readonly recovered: number | undefined;
}

/**
 * The files of earlier starts, in `stamps.json`: to SQLite a database that was truncated to nothing, or is gone, is a new
 * one. Each start compares the folder with it and reports missing files.
 */
export class FileManifest {
  readonly #folder: string;
  readonly #file: string;
  readonly #made = new Map<string, string>();
  /** True when there was no manifest. A database with the bridge's mark then shows that it was lost. */
  readonly isNew: boolean;
  #isReported = false;
  readonly #onDamage: (report: DamageReport) => void;

  /** Throws STATE_LINKED, or the file system's error. */
  constructor(folder: string, onDamage: (report: DamageReport) => void) {
    this.#folder = folder;
    this.#file = join(folder, MANIFEST);
    this.#onDamage = onDamage;
    this.isNew = inspect(this.#file) === undefined;
    if (this.isNew) return;
    makePrivate(this.#file);
    const read = readManifest(this.#file);
    if (typeof read === 'string') {
      const movedTo = damagedName(this.#file, new Date());
      renameSync(this.#file, movedTo);
      onDamage({ file: this.#file, movedTo, flaw: read, recovered: undefined });
    } else for (const [name, at] of read) this.#made.set(name, at);
  }

  /** Whether an earlier start left the file there, with content. */
  has(name: string): boolean {
    return this.#made.has(name);
  }

  /** The file is there now, and durable. If the manifest cannot be written, the next start misses the entry. */
  add(name: string): void {
    if (this.#made.has(name)) return;
    this.#made.set(name, new Date().toISOString());
    this.write();
  }

  /** The file is no longer wanted: the next start does not miss it. */
  remove(name: string): void {
    if (this.#made.delete(name)) this.write();
  }

  /** A database has the mark of an earlier start: a manifest that is new was lost. */
  reportMissing(): void {
    if (!this.isNew || this.#isReported) return;
    this.#isReported = true;
    const flaw = 'no file, beside files that it should name: missing files of the folder cannot be found';
    this.#onDamage({ file: this.#file, movedTo: undefined, flaw, recovered: undefined });
  }

  write(): void {
    try {
      const fresh = `${this.#file}.new`;
      writePrivate(fresh, `${JSON.stringify({ version: 1, files: Object.fromEntries(this.#made) }, undefined, 2)}\n`);
      renameSync(fresh, this.#file);
      syncFolder(this.#folder);
    } catch {
      // A full disk is reported by the next write to a database.
    }
  }
}

/** When each file was made, by name; or the flaw of the manifest. */
function readManifest(file: string): ReadonlyMap<string, string> | string {
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const files = typeof read === 'object' && read !== null && 'files' in read ? read.files : undefined;
    if (typeof files !== 'object' || files === null) return 'JSON of another kind';
    return new Map(Object.entries(files).map(([name, at]) => [name, String(at)]));
  } catch (thrown) {
    return thrown instanceof SyntaxError ? 'no JSON' : messageOf(thrown);
  }
}

/** Whether an earlier start left the file in the folder; for commands, which change nothing. */
export function existedBefore(folder: string, name: string): boolean {
  const read = readManifest(join(folder, MANIFEST));
  return typeof read !== 'string' && read.has(name);
}
