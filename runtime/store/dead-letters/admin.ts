import { dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { SluiceError } from '#contract/errors.ts';
import {
  SUMMARY_COLUMNS,
  type LetterSummary,
  letterSummary,
  type StoredLetter,
  storedLetter,
} from './stored-letter.ts';
import { type LetterCondition, conditionOf, type LetterFilter } from './filter.ts';
import { LETTER_FILE, openLetterFile } from './layout.ts';
import { COUNT_DISCARDS } from './quota.ts';
import { numberOf, textOf } from './row.ts';
import { inspect } from '../private-file.ts';
import { reserveOf } from '../reserve.ts';
import { existedBefore } from '../file-manifest.ts';
import { isFullDisk, stateError } from '../state-error.ts';

/** How long a command waits for a commit of the bridge; those are short. */
const BUSY_MS = 5000;
/** The most letters removed in one transaction, for which the bridge waits. */
const CHUNK = 500;

const FROM = 'FROM dead_letters LEFT JOIN replays ON replays.letter = dead_letters.number';
const FREE = "(replays.state IS NULL OR replays.state NOT IN ('requested', 'issued'))";

/** The progress of a replay, in letters. */
export interface ReplayProgress {
  readonly requested: number;
  readonly issued: number;
  readonly done: number;
  readonly failed: number;
}

export interface ReplayRequest {
  /** Unique. */
  readonly name: string;
  /** Letters a second, of all routes together; undefined for no limit. */
  readonly rate: number | undefined;
  readonly renewExpiryMs: number | undefined;
}

/** The dead letters for commands. The bridge may use the same file at the same time. */
export class DeadLetterAdmin {
  readonly #database: DatabaseSync;
  readonly #file: string;

  /** Throws STATE_UNUSABLE. */
  constructor(file: string, busyMs: number) {
    this.#file = file;
    this.#database = withStateError(file, () => openLetterFile(file, busyMs));
  }

  count(filter: LetterFilter): number {
    return numberOf(this.#one('SELECT count(*) AS n FROM dead_letters WHERE', conditionOf(filter))) ?? 0;
  }

  /** The last `limit` of them, oldest first. */
  list(filter: LetterFilter, limit: number): readonly LetterSummary[] {
    const { sql, values } = conditionOf(filter);
    const text = `SELECT ${SUMMARY_COLUMNS} ${FROM} WHERE ${sql} ORDER BY number DESC LIMIT :limit`;
    return this.#all(text, { ...values, limit })
      .map(letterSummary)
      .toReversed();
  }

  /** One after another, oldest first: together they may be larger than the memory. */
  *each(filter: LetterFilter): Generator<StoredLetter> {
    const { sql, values } = conditionOf(filter);
    const next = this.#database.prepare(
      `SELECT dead_letters.*, ${SUMMARY_COLUMNS} ${FROM} WHERE ${sql} AND number > :after ORDER BY number LIMIT 1`,
    );
    let after = 0;
    for (;;) {
      const at = after;
      const row = withStateError(this.#file, () => next.get({ ...values, after: at }));
      if (row === undefined) return;
      after = numberOf(row['number']) ?? Infinity;
      yield storedLetter(row);
    }
  }

  /** Routes that the letters belong to. */
  routes(filter: LetterFilter): readonly string[] {
    const { sql, values } = conditionOf(filter);
    const rows = this.#all(`SELECT DISTINCT route FROM dead_letters WHERE ${sql} ORDER BY route`, values);
    return rows.flatMap((row) => textOf(row['route']) ?? []);
  }

  /** Codes that the letters ended with. */
  codes(): readonly string[] {
    const rows = this.#all('SELECT DISTINCT code FROM dead_letters ORDER BY code', {});
    return rows.flatMap((row) => textOf(row['code']) ?? []);
  }

  /** How many would expire at once. `lifetimesMs`: the lifetime of messages, by route. */
  expired(filter: LetterFilter, lifetimesMs: ReadonlyMap<string, number>, nowMs: number): number {
    const { sql, values } = conditionOf(filter);
    const past = `(expires_at_ms <= :now OR EXISTS (SELECT 1 FROM json_each(:lives)
      WHERE json_each.key = dead_letters.route AND coalesce(timestamp_ms, received_at_ms) + json_each.value <= :now))`;
    const lives = JSON.stringify(Object.fromEntries(lifetimesMs));
    const condition = { sql: `${sql} AND ${past}`, values: { ...values, now: nowMs, lives } };
    return numberOf(this.#one('SELECT count(*) AS n FROM dead_letters WHERE', condition)) ?? 0;
  }

  /** Requests a replay of all of them, in one durable transaction. Letters of an earlier request move to this one. */
  request(filter: LetterFilter, { name, rate, renewExpiryMs }: ReplayRequest, nowMs: number): number {
    const { sql, values } = conditionOf(filter);
    return this.#write(() => {
      const insert = this.#database.prepare(`
        INSERT INTO replays (letter, route, request, state, rate, renew_expiry_ms, requested_at_ms)
        SELECT number, route, :request, 'requested', :rate, :renew, :now FROM dead_letters WHERE ${sql}
        ON CONFLICT (letter) DO UPDATE SET request = excluded.request, rate = excluded.rate,
          renew_expiry_ms = excluded.renew_expiry_ms, requested_at_ms = excluded.requested_at_ms,
          state = CASE replays.state WHEN 'issued' THEN 'issued' ELSE 'requested' END`);
      const more = { request: name, rate: rate ?? null, renew: renewExpiryMs ?? null, now: nowMs };
      return Number(insert.run({ ...values, ...more }).changes);
    });
  }

  progress(request: string): ReplayProgress {
    const found = { requested: 0, issued: 0, done: 0, failed: 0 };
    for (const row of this.#all('SELECT state, count(*) AS n FROM replays WHERE request = :request GROUP BY state', {
      request,
    })) {
      const state = row['state'];
      if (state === 'requested' || state === 'issued' || state === 'done' || state === 'failed') {
        found[state] = numberOf(row['n']) ?? 0;
      }
    }
    return found;
  }

  /** Those of the request that failed again. */
  failures(request: string, limit: number): readonly LetterSummary[] {
    const text = `SELECT ${SUMMARY_COLUMNS} ${FROM} WHERE request = :request AND replays.state = 'failed' ORDER BY number LIMIT :limit`;
    return this.#all(text, { request, limit }).map(letterSummary);
  }

  /** Withdraws the letters that were not taken yet. */
  withdraw(request: string): void {
    this.#write(() =>
      this.#database.prepare("DELETE FROM replays WHERE request = ? AND state = 'requested'").run(request),
    );
  }

  /** Deletes the outcomes of a request that has ended. */
  forget(request: string): void {
    this.#write(() =>
      this.#database.prepare("DELETE FROM replays WHERE request = ? AND state IN ('done', 'failed')").run(request),
    );
  }

  /** Removes them, except letters in replay. Letters that arrive meanwhile stay. Returns the number removed. */
  discard(filter: LetterFilter): number {
    const { sql, values } = conditionOf(filter);
    const last = numberOf(this.#one('SELECT max(number) AS n FROM dead_letters WHERE', conditionOf(filter))) ?? 0;
    const text = `DELETE FROM dead_letters WHERE number IN
      (SELECT number ${FROM} WHERE ${sql} AND ${FREE} AND number <= :last ORDER BY number LIMIT ${CHUNK}) RETURNING route`;
    let total = 0;
    for (;;) {
      const removed = this.#write(() => {
        const rows = this.#database.prepare(text).all({ ...values, last });
        const routes = rows.flatMap((row) => textOf(row['route']) ?? []);
        const count = this.#database.prepare(COUNT_DISCARDS);
        for (const route of new Set(routes)) {
          count.run(route, 'operator', routes.filter((one) => one === route).length);
        }
        return rows.length;
      });
      total += removed;
      if (removed === 0) return total;
    }
  }

  close(): void {
    this.#database.close();
  }

  #one(text: string, { sql, values }: LetterCondition): unknown {
    return withStateError(this.#file, () => this.#database.prepare(`${text} ${sql}`).get(values)?.['n']);
  }

  #all(text: string, values: Readonly<Record<string, string | number>>): readonly Record<string, unknown>[] {
    return withStateError(this.#file, () => this.#database.prepare(text).all(values));
  }

  #write<T>(write: () => T): T {
    return withStateError(this.#file, () => {
      try {
        return this.#transaction(write);
      } catch (thrown) {
        if (!isFullDisk(thrown)) throw thrown;
        // Deletion needs disk space too.
        reserveOf(dirname(this.#file)).release();
        return this.#transaction(write);
      }
    });
  }

  #transaction<T>(write: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = write();
      this.#database.exec('COMMIT');
      return result;
    } catch (thrown) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw thrown;
    }
  }
}

/**
 * Undefined where the folder never had dead letters. `busyMs`: how long it waits for a commit of another process; the process that
 * runs the pipeline waits with it. Throws STATE_UNUSABLE, STATE_LINKED or STATE_DAMAGED.
 */
export function openDeadLetterAdmin(folder: string, busyMs = BUSY_MS): DeadLetterAdmin | undefined {
  const file = join(folder, LETTER_FILE.name);
  const size = inspect(file)?.size;
  // The bridge's start reports and renames it: a new file in its place would hide the loss.
  if ((size ?? 0) === 0 && existedBefore(folder, LETTER_FILE.name)) {
    const found = size === undefined ? 'none' : 'an empty one';
    throw new SluiceError('STATE_DAMAGED', `expected the file ${file}, which held letters, found ${found}`);
  }
  return size === undefined ? undefined : new DeadLetterAdmin(file, busyMs);
}

function withStateError<T>(file: string, act: () => T): T {
  try {
    return act();
  } catch (thrown) {
    throw stateError(`use ${file}`, thrown);
  }
}
