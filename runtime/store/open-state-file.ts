import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { messageOf } from '#contract/errors.ts';
import { CODES, codeOf } from '#kit/sqlite-codes.ts';
import { copyReadable } from './copy-readable.ts';
import { inspect } from './private-file.ts';
import type { Reserve } from './reserve.ts';
import { asideName, finishRepair, repairedName, setAside } from './replace-damaged.ts';
import { openDatabase } from './sqlite.ts';
import { type FileReport, Stamps } from './file-manifest.ts';
import { isDamage, isFullDisk, unusable } from './state-error.ts';
import { WatchedDatabase } from './watched-database.ts';

/** Larger files are opened unread, and that is said: reading one goes at the speed of the disk, some 3 s a GiB. */
const MOST_CHECKED_BYTES = 16 * 1024 ** 3;

/** One kind of database file in a state folder. */
export interface FileKind {
  readonly name: string;
  /** SQLite's application_id: what tells the file from that of another program. */
  readonly mark: number;
  /** Names of the tables whose rows are told as saved, where it was damaged. */
  readonly rows: RegExp;
  /** Sets how it is to be used, and makes or renews its tables. Throws what the database says. */
  readonly prepare: (database: DatabaseSync) => void;
}

export interface FolderOfFiles {
  readonly path: string;
  readonly stamps: Stamps;
  readonly onReport: (report: FileReport) => void;
  /** Written anew while it was open. */
  readonly onRewritten: (file: string) => void;
  /** Given up where the disk is full. */
  readonly reserve: Pick<Reserve, 'release'>;
}

export interface SoundFile {
  readonly database: WatchedDatabase;
  /** True when what an earlier start left there is not, or not all of it. */
  readonly isDamaged: boolean;
}

/**
 * Opens a database file, reading all of it first. One that is damaged, of another program, empty or gone although it was
 * there before is set aside and told of, and what can be read of it goes into a new one. Throws STATE_LINKED,
 * STATE_UNUSABLE.
 */
export function openSoundFile(kind: FileKind, folder: FolderOfFiles): SoundFile {
  const file = join(folder.path, kind.name);
  try {
    return soundFile(file, kind, folder);
  } catch (thrown) {
    if (!isFullDisk(thrown)) throw unusable(`use ${file}`, thrown);
  }
  // What fills the disk may be what this start would send on.
  folder.reserve.release();
  try {
    return soundFile(file, kind, folder);
  } catch (thrown) {
    throw unusable(`use ${file}`, thrown);
  }
}

function soundFile(file: string, kind: FileKind, folder: FolderOfFiles): SoundFile {
  const { stamps, reserve, onRewritten } = folder;
  finishRepair(file, new Date());
  const flaw = lossOf(file, kind, folder) ?? flawOf(file, kind, folder);
  if (flaw !== undefined) repair(file, flaw, kind, folder);
  const open = (path: string): DatabaseSync => opened(path, kind);
  const database = new WatchedDatabase(file, { open, onRewritten, onFull: () => reserve.release() });
  stamps.add(kind.name);
  return { database, isDamaged: flaw !== undefined };
}

/** To SQLite a file that is gone, or empty, is a new one. */
function lossOf(file: string, { name }: FileKind, { stamps }: FolderOfFiles): string | undefined {
  if (!stamps.has(name)) return undefined;
  const size = inspect(file)?.size;
  if (size === undefined) return 'no file, and there was one at the last start';
  return size === 0 ? 'an empty file, and it held something at the last start' : undefined;
}

/** Undefined of a file that is sound, or new. Throws where it cannot be looked at: a lock, a disk, a right that is missing. */
function flawOf(file: string, kind: FileKind, folder: FolderOfFiles): string | undefined {
  const size = inspect(file)?.size ?? 0;
  if (size === 0) return undefined;
  const database = openDatabase(file);
  try {
    database.exec('PRAGMA busy_timeout = 5000');
    const mark = Number(database.prepare('PRAGMA application_id').get()?.['application_id']);
    if (mark !== 0 && mark !== kind.mark) return 'a database of another program';
    if (mark !== 0 && !folder.stamps.has(kind.name)) folder.stamps.missed();
    if (size > MOST_CHECKED_BYTES) {
      folder.onReport({
        file,
        aside: undefined,
        flaw: `${size} bytes, which are too many to be read at a start`,
        saved: undefined,
      });
      return undefined;
    }
    const verdict = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
    return verdict === 'ok' ? undefined : String(verdict).replace(/^\*\*\*.*\*\*\*\n/, '');
  } catch (thrown) {
    if (isDamage(thrown)) return messageOf(thrown);
    throw thrown;
  } finally {
    database.close();
  }
}

function opened(path: string, { mark, prepare }: FileKind): DatabaseSync {
  const database = openDatabase(path);
  try {
    prepare(database);
    const found = Number(database.prepare('PRAGMA application_id').get()?.['application_id']);
    if (found === 0) marked(database, mark);
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

/** Of a version that did not mark its files. On a full disk it goes on without. */
function marked(database: DatabaseSync, mark: number): void {
  try {
    database.exec(`PRAGMA application_id = ${mark}`);
  } catch (thrown) {
    if (codeOf(thrown) !== CODES.full) throw thrown;
  }
}

function repair(file: string, flaw: string, kind: FileKind, { onReport }: FolderOfFiles): void {
  const isThere = (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0;
  const aside = asideName(file, new Date());
  const repaired = repairedName(file);
  const fresh = opened(repaired, kind);
  let saved = 0;
  try {
    if (isThere) saved = copyReadable(file, fresh, kind.rows);
    // Closing takes the log into the file.
  } finally {
    fresh.close();
  }
  const wasThere = inspect(file) !== undefined;
  setAside(file, repaired, aside);
  onReport({ file, aside: wasThere ? aside : undefined, flaw, saved });
}

/** A report in words, for a log. */
export function inWords({ file, aside, flaw }: FileReport): string {
  const kept = aside === undefined ? '' : '; it is set aside, and what could be read of it goes on in a new one';
  return `expected ${file} as it was written, found ${flaw}${kept}`;
}

/** A folder whose files are opened one by one, and nobody is told. */
export function folderOf(path: string, more: Partial<FolderOfFiles> = {}): FolderOfFiles {
  const onReport = more.onReport ?? ((): void => {});
  const stamps = more.stamps ?? new Stamps(path, onReport);
  return { path, onReport, onRewritten: () => {}, reserve: { release() {} }, ...more, stamps };
}
