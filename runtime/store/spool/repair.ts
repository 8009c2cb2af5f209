import { existsSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { messageOf, SluiceError } from '#contract/errors.ts';
import { CODES, codeOf } from '#kit/sqlite-codes.ts';
import type { DamageReport } from '../file-manifest.ts';
import { copyIds } from '../copy-readable.ts';
import { damagedName, repairedName, replaceDamaged } from '../replace-damaged.ts';
import { readTruncated } from '../truncated-file.ts';
import { type OpenDatabase, openSpoolDatabase, type SpoolLayout } from './database.ts';
import { recoverRows } from './recover-rows.ts';
import { isIntact } from './stored-message.ts';

/** To SQLite a file that is gone, or empty, is a new one. */
export function lossOf(file: string): string | undefined {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) return 'no file, and there was one at the last start';
  return size === 0 ? 'an empty file, and it held something at the last start' : undefined;
}

/** Errors of the disk, of permissions or of another process: they are no sign of damage. */
const NOT_DAMAGE: ReadonlySet<number> = new Set([
  CODES.perm,
  CODES.busy,
  CODES.locked,
  CODES.readOnly,
  CODES.full,
  CODES.cannotOpen,
]);

/** Reads the whole file: data that the disk has lost or changed must be found before it is used. */
export function openChecked(open: () => DatabaseSync): { readonly database: DatabaseSync } | { readonly flaw: string } {
  let database: DatabaseSync | undefined;
  try {
    database = open();
    const flaw = flawOf(database);
    if (flaw === undefined) return { database };
    database.close();
    return { flaw };
  } catch (thrown) {
    if (database?.isOpen === true) database.close();
    // A damaged file does not prevent a start. A folder that cannot be written does, and so does another process.
    const isOurs = thrown instanceof SluiceError || isOfFileSystem(thrown);
    if (isOurs || NOT_DAMAGE.has(codeOf(thrown))) throw thrown;
    return { flaw: messageOf(thrown) };
  }
}

function isOfFileSystem(thrown: unknown): boolean {
  return thrown instanceof Error && 'syscall' in thrown;
}

function flawOf(database: DatabaseSync): string | undefined {
  const verdict = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
  if (verdict !== 'ok') return String(verdict);
  for (const { head, body, checksum } of database.prepare('SELECT head, body, checksum FROM spool').iterate()) {
    const bytes = body instanceof Uint8Array ? body : null;
    if (typeof head !== 'string' || !isIntact(head, bytes, Number(checksum))) return 'a row is not as it was written';
  }
  return undefined;
}

interface RepairSettings {
  readonly open: OpenDatabase;
  readonly layout: SpoolLayout;
  readonly now: Date;
}

/** At each moment one of the two files is complete, so that a repair that is cut short is repeated or finished. */
export function repair(file: string, flaw: string, { open, layout, now }: RepairSettings): DamageReport {
  const repaired = repairedName(file);
  const fresh = openSpoolDatabase(repaired, open, layout);
  const isThere = existsSync(file);
  const recovered = isThere ? recoverFrom(file, fresh, open) : 0;
  // Closing writes the log into the file.
  fresh.close();
  const movedTo = damagedName(file, now);
  replaceDamaged(file, repaired, movedTo);
  return { file, movedTo: isThere ? movedTo : undefined, flaw, recovered };
}

function recoverFrom(file: string, fresh: DatabaseSync, open: OpenDatabase): number {
  let damaged: DatabaseSync | undefined;
  try {
    return readTruncated(file, () => {
      damaged = open(file, { readOnly: true });
      try {
        const recovered = recoverRows(damaged, fresh);
        copyIds(damaged, fresh);
        return recovered;
      } finally {
        damaged.close();
      }
    });
  } catch (thrown) {
    if (damaged === undefined) return 0;
    throw thrown;
  }
}
