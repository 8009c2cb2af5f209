import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { messageOf } from '#contract/errors.ts';
import { CODES, codeOf } from '#kit/sqlite-codes.ts';
import { copyReadable } from './copy-readable.ts';
import { inspect } from './private-file.ts';
import type { Reserve } from './reserve.ts';
import { damagedName, finishRepair, repairedName, replaceDamaged } from './replace-damaged.ts';
import { openDatabase } from './sqlite.ts';
import { type DamageReport, FileManifest } from './file-manifest.ts';
import { isCorrupt, isFullDisk, stateError } from './state-error.ts';
import { WatchedDatabase } from './watched-database.ts';

/** Larger files are opened unchecked, with a report: a check reads at the speed of the disk, some 3 s a GiB. */
const MOST_CHECKED_BYTES = 16 * 1024 ** 3;

/** One kind of database file in a state folder. */
export interface FileKind {
  readonly name: string;
  /** SQLite's application_id: identifies the file as one of the bridge. */
  readonly mark: number;
  /** Names of the tables whose rows count as recovered, where the file was damaged. */
  readonly rows: RegExp;
  /** Sets the pragmas, and makes or migrates the tables. Throws the database's error. */
  readonly prepare: (database: DatabaseSync) => void;
}

export interface StateFiles {
  readonly path: string;
  readonly manifest: FileManifest;
  readonly onDamage: (report: DamageReport) => void;
  /** The file was removed while it was open, and was written again. */
  readonly onRewritten: (file: string) => void;
  /** Released where the disk is full. */
  readonly reserve: Pick<Reserve, 'release'>;
}

export interface OpenedStateFile {
  readonly database: WatchedDatabase;
  /** True when content of an earlier start is lost, or part of it. */
  readonly isDamaged: boolean;
}

/**
 * Opens a database file and checks all of it first. A file that is damaged, of another program, or empty or gone although an
 * earlier start wrote it, is reported and renamed, and its readable rows go into a new one. Throws STATE_LINKED,
 * STATE_UNUSABLE.
 */
export function openStateFile(kind: FileKind, folder: StateFiles): OpenedStateFile {
  const file = join(folder.path, kind.name);
  try {
    return openChecked(file, kind, folder);
  } catch (thrown) {
    if (!isFullDisk(thrown)) throw stateError(`use ${file}`, thrown);
  }
  // The disk may be full of messages that this start would send.
  folder.reserve.release();
  try {
    return openChecked(file, kind, folder);
  } catch (thrown) {
    throw stateError(`use ${file}`, thrown);
  }
}

function openChecked(file: string, kind: FileKind, folder: StateFiles): OpenedStateFile {
  const { manifest, reserve, onRewritten } = folder;
  finishRepair(file, new Date());
  const flaw = lossOf(file, kind, folder) ?? flawOf(file, kind, folder);
  if (flaw !== undefined) repair(file, flaw, kind, folder);
  const open = (path: string): DatabaseSync => openPrepared(path, kind);
  const database = new WatchedDatabase(file, { open, onRewritten, onFull: () => reserve.release() });
  manifest.add(kind.name);
  return { database, isDamaged: flaw !== undefined };
}

/** To SQLite a file that is gone, or empty, is a new one. */
function lossOf(file: string, { name }: FileKind, { manifest }: StateFiles): string | undefined {
  if (!manifest.has(name)) return undefined;
  const size = inspect(file)?.size;
  if (size === undefined) return 'no file, and there was one at the last start';
  return size === 0 ? 'an empty file, and it held something at the last start' : undefined;
}

/** Undefined for an intact or new file. Throws where it cannot be read: a lock, a disk error, a missing permission. */
function flawOf(file: string, kind: FileKind, folder: StateFiles): string | undefined {
  const size = inspect(file)?.size ?? 0;
  if (size === 0) return undefined;
  const database = openDatabase(file);
  try {
    database.exec('PRAGMA busy_timeout = 5000');
    const mark = Number(database.prepare('PRAGMA application_id').get()?.['application_id']);
    if (mark !== 0 && mark !== kind.mark) return 'a database of another program';
    if (mark !== 0 && !folder.manifest.has(kind.name)) folder.manifest.reportMissing();
    if (size > MOST_CHECKED_BYTES) {
      folder.onDamage({
        file,
        movedTo: undefined,
        flaw: `${size} bytes, which are too many to check at a start`,
        recovered: undefined,
      });
      return undefined;
    }
    const verdict = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
    return verdict === 'ok' ? undefined : String(verdict).replace(/^\*\*\*.*\*\*\*\n/, '');
  } catch (thrown) {
    if (isCorrupt(thrown)) return messageOf(thrown);
    throw thrown;
  } finally {
    database.close();
  }
}

function openPrepared(path: string, { mark, prepare }: FileKind): DatabaseSync {
  const database = openDatabase(path);
  try {
    prepare(database);
    const found = Number(database.prepare('PRAGMA application_id').get()?.['application_id']);
    if (found === 0) setMark(database, mark);
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

/** For a file of a version that did not mark its files. A full disk is no error here. */
function setMark(database: DatabaseSync, mark: number): void {
  try {
    database.exec(`PRAGMA application_id = ${mark}`);
  } catch (thrown) {
    if (codeOf(thrown) !== CODES.full) throw thrown;
  }
}

function repair(file: string, flaw: string, kind: FileKind, { onDamage }: StateFiles): void {
  const isThere = (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0;
  const movedTo = damagedName(file, new Date());
  const repaired = repairedName(file);
  const fresh = openPrepared(repaired, kind);
  let recovered = 0;
  try {
    if (isThere) recovered = copyReadable(file, fresh, kind.rows);
    // Closing writes the log into the file.
  } finally {
    fresh.close();
  }
  const existedBefore = inspect(file) !== undefined;
  replaceDamaged(file, repaired, movedTo);
  onDamage({ file, movedTo: existedBefore ? movedTo : undefined, flaw, recovered });
}

/** A report as a sentence, for a log. */
export function reportText({ file, movedTo, flaw }: DamageReport): string {
  const result = movedTo === undefined ? '' : '; it is renamed, and its readable rows are in a new one';
  return `expected ${file} as it was written, found ${flaw}${result}`;
}

/** The files of a folder, without reports by default. */
export function stateFilesIn(path: string, more: Partial<StateFiles> = {}): StateFiles {
  const onDamage = more.onDamage ?? ((): void => {});
  const manifest = more.manifest ?? new FileManifest(path, onDamage);
  return { path, onDamage, onRewritten: () => {}, reserve: { release() {} }, ...more, manifest };
}
