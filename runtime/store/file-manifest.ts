import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '#contract/errors.ts';
import { syncFolder } from './sync-files.ts';
import { inspect, makePrivate, writePrivate } from './private-file.ts';
import { asideName } from './replace-damaged.ts';

const STAMPS = 'stamps.json';

/** What a start found wrong with a file, and what became of it. */
export interface FileReport {
  /** The file that is wrong. */
  readonly file: string;
  /** Where it lies now; undefined where there was none, or it was mended in place. */
  readonly aside: string | undefined;
  readonly flaw: string;
  /** Rows that could be read, and are in the new file; undefined where it has none. */
  readonly saved: number | undefined;
}

/**
 * The files that were there: a database that was cut off to nothing, or is gone, is to SQLite a new one. Each start reads
 * `stamps.json` and says what is missing.
 */
export class Stamps {
  readonly #folder: string;
  readonly #file: string;
  readonly #made = new Map<string, string>();
  /** True when there was no such file: then a database that bears the bridge's mark says that there should be one. */
  readonly isNew: boolean;
  #isMissed = false;
  readonly #onReport: (report: FileReport) => void;

  /** Throws STATE_LINKED, or what the file system says. */
  constructor(folder: string, onReport: (report: FileReport) => void) {
    this.#folder = folder;
    this.#file = join(folder, STAMPS);
    this.#onReport = onReport;
    this.isNew = inspect(this.#file) === undefined;
    if (this.isNew) return;
    makePrivate(this.#file);
    const read = readStamps(this.#file);
    if (typeof read === 'string') {
      const aside = asideName(this.#file, new Date());
      renameSync(this.#file, aside);
      onReport({ file: this.#file, aside, flaw: read, saved: undefined });
    } else for (const [name, at] of read) this.#made.set(name, at);
  }

  /** Whether the file was there at an earlier start, with something in it. */
  has(name: string): boolean {
    return this.#made.has(name);
  }

  /** The file is there now, and durable. Where the stamp cannot be written, the next start knows no better than this one. */
  add(name: string): void {
    if (this.#made.has(name)) return;
    this.#made.set(name, new Date().toISOString());
    this.write();
  }

  /** A database bears the mark of an earlier start: where this file is new, it was lost. */
  missed(): void {
    if (!this.isNew || this.#isMissed) return;
    this.#isMissed = true;
    const flaw = 'no file, beside files that it should name: what is missing from the folder cannot be said';
    this.#onReport({ file: this.#file, aside: undefined, flaw, saved: undefined });
  }

  write(): void {
    try {
      const fresh = `${this.#file}.new`;
      writePrivate(fresh, `${JSON.stringify({ version: 1, files: Object.fromEntries(this.#made) }, undefined, 2)}\n`);
      renameSync(fresh, this.#file);
      syncFolder(this.#folder);
    } catch {
      // A disk that is full is told by whatever has more to write.
    }
  }
}

/** When each file was made, by name; or what is wrong with the file of stamps. */
function readStamps(file: string): ReadonlyMap<string, string> | string {
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const files = typeof read === 'object' && read !== null && 'files' in read ? read.files : undefined;
    if (typeof files !== 'object' || files === null) return 'JSON of another kind';
    return new Map(Object.entries(files).map(([name, at]) => [name, String(at)]));
  } catch (thrown) {
    return thrown instanceof SyntaxError ? 'no JSON' : messageOf(thrown);
  }
}

/** Whether a file of a folder was there at an earlier start; for who only looks. */
export function wasThere(folder: string, name: string): boolean {
  const read = readStamps(join(folder, STAMPS));
  return typeof read !== 'string' && read.has(name);
}
