import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { DeadLetter, DeadLetters } from '#contract/dead-letter.ts';
import type { SluiceError } from '#contract/errors.ts';
import { openDatabase } from './sqlite.ts';
import { unusable } from './unusable.ts';

/** Letters that come within this time share one commit: a commit waits for the disk, and the process with it. */
const GROUP_MS = 5;

/** Of the table below; 0 is the one of version 0.1, whose letters are kept. */
const LAYOUT = 1;

const TABLE = `
CREATE TABLE IF NOT EXISTS dead_letters (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  pipeline TEXT NOT NULL, route TEXT NOT NULL, coordinates TEXT NOT NULL, id TEXT NOT NULL,
  address TEXT NOT NULL, key TEXT, headers TEXT NOT NULL, header_types TEXT, body BLOB,
  publisher_id TEXT, content_type TEXT, timestamp_ms INTEGER, expires_at_ms INTEGER,
  label TEXT, code TEXT NOT NULL, stage TEXT, position TEXT, text TEXT NOT NULL, cause TEXT,
  attempts INTEGER NOT NULL, trace_id TEXT, received_at_ms INTEGER NOT NULL, died_at_ms INTEGER NOT NULL
) STRICT`;

const INSERT = `
INSERT INTO dead_letters (pipeline, route, coordinates, id, address, key, headers, header_types, body, publisher_id, content_type,
  timestamp_ms, expires_at_ms, label, code, stage, position, text, cause, attempts, trace_id, received_at_ms, died_at_ms)
VALUES (:pipeline, :route, :coordinates, :id, :address, :key, :headers, :headerTypes, :body, :publisherId, :contentType,
  :timestampMs, :expiresAtMs, :label, :code, :stage, :position, :text, :cause, :attempts, :traceId, :receivedAtMs, :diedAtMs)`;

const OLD_COLUMNS = `pipeline, route, coordinates, id, address, key, headers, body, publisher_id, content_type,
  timestamp_ms, expires_at_ms, label, code, stage, position, text, cause, attempts, trace_id, received_at_ms, died_at_ms`;

interface Waiting {
  readonly letter: DeadLetter;
  readonly resolve: () => void;
  readonly reject: (error: SluiceError) => void;
}

/** Dead letters on the local disk: appended, never changed, durable before their deliveries are settled. */
export interface DeadLetterStore extends DeadLetters {
  /** Letters in the store. */
  count(): number;
  /** Commits what waits and lets the file go. */
  close(): void;
}

/** Opens the store in a state folder that this process holds. Throws STATE_UNUSABLE. */
export function openDeadLetterStore(folder: string): DeadLetterStore {
  const file = join(folder, 'dead-letters.sqlite');
  try {
    return store(openDatabase(file), file);
  } catch (thrown) {
    throw unusable(`write ${file}`, thrown);
  }
}

function store(database: DatabaseSync, file: string): DeadLetterStore {
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  layOut(database);
  const insert = database.prepare(INSERT);
  const total = database.prepare('SELECT count(*) AS total FROM dead_letters');
  let waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;

  const commit = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const group = waiting;
    waiting = [];
    try {
      write(database, insert, group);
    } catch {
      // One letter that the store refuses must not take the others of its group along.
      for (const one of group) alone(one);
      return;
    }
    for (const { resolve } of group) resolve();
  };
  const alone = (one: Waiting): void => {
    try {
      write(database, insert, [one]);
      one.resolve();
    } catch (thrown) {
      one.reject(unusable(`write ${file}`, thrown));
    }
  };

  return {
    record(letter) {
      return new Promise((resolve, reject) => {
        waiting.push({ letter, resolve, reject });
        timer ??= setTimeout(commit, GROUP_MS);
      });
    },
    count: () => Number(total.get()?.['total'] ?? 0),
    close() {
      commit();
      database.close();
    },
  };
}

function layOut(database: DatabaseSync): void {
  const isOld =
    database.prepare('PRAGMA user_version').get()?.['user_version'] === 0 &&
    database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'dead_letters'").get() !== undefined;
  // SQLite cannot take a NOT NULL back from a column.
  database.exec(
    isOld
      ? `BEGIN IMMEDIATE; ALTER TABLE dead_letters RENAME TO old; ${TABLE};
         INSERT INTO dead_letters SELECT number, ${OLD_COLUMNS.replace('body', 'NULL, body')} FROM old;
         DROP TABLE old; PRAGMA user_version = ${LAYOUT}; COMMIT`
      : `${TABLE}; PRAGMA user_version = ${LAYOUT}`,
  );
}

function write(database: DatabaseSync, insert: StatementSync, group: readonly Waiting[]): void {
  if (group.length === 0) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const { letter } of group) insert.run(row(letter));
    database.exec('COMMIT');
  } catch (thrown) {
    // A full disk has rolled back by itself.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw thrown;
  }
}

function row({ frame, failure, ...letter }: DeadLetter): Record<string, string | number | null | Uint8Array> {
  return {
    pipeline: letter.pipeline,
    route: letter.route,
    coordinates: letter.coordinates,
    id: letter.id,
    address: frame.address,
    key: frame.key ?? null,
    headers: JSON.stringify([...frame.headers]),
    headerTypes: frame.headerTypes === undefined ? null : JSON.stringify([...frame.headerTypes]),
    body: frame.body,
    publisherId: frame.id ?? null,
    contentType: frame.contentType ?? null,
    timestampMs: whole(frame.timestampMs),
    expiresAtMs: whole(frame.expiresAtMs),
    label: letter.label ?? null,
    code: failure.code,
    stage: failure.place.stage ?? null,
    position: failure.place.position ?? null,
    text: failure.message,
    cause: cause(failure),
    attempts: letter.attempts,
    traceId: letter.traceId ?? null,
    receivedAtMs: Math.round(letter.receivedAtMs),
    diedAtMs: Math.round(letter.diedAtMs),
  };
}

function whole(ms: number | undefined): number | null {
  // A header may claim any time; the column holds whole numbers.
  return ms === undefined || !Number.isSafeInteger(Math.round(ms)) ? null : Math.round(ms);
}

function cause(failure: SluiceError): string | null {
  if (typeof failure.cause === 'string') return failure.cause;
  return failure.cause instanceof Error ? (failure.cause.stack ?? failure.cause.message) : null;
}
