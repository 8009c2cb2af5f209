import { dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { SluiceError } from '#contract/errors.ts';
import { KEPT, type KeptLetter, keptLetter, type WholeLetter, wholeLetter } from './stored-letter.ts';
import { type Condition, conditionOf, type LetterFilter } from './filter.ts';
import { LETTER_FILE, openLetterFile } from './layout.ts';
import { COUNT_DISCARDS } from './quota.ts';
import { numberOf, textOf } from './row.ts';
import { inspect } from '../private-file.ts';
import { reserveOf } from '../reserve.ts';
import { wasThere } from '../file-manifest.ts';
import { isFullDisk, unusable } from '../state-error.ts';

/** A command waits for the bridge's commits, which are short. */
const BUSY_MS = 5000;
/** Removed in one transaction: the bridge waits no longer than for that. */
const CHUNK = 500;

const FROM = 'FROM dead_letters LEFT JOIN replays ON replays.letter = dead_letters.number';
const FREE = "(replays.state IS NULL OR replays.state NOT IN ('requested', 'issued'))";

/** How far a replay is, in letters. */
export interface ReplayProgress {
  readonly requested: number;
  readonly issued: number;
  readonly done: number;
  readonly failed: number;
}

export interface ReplayRequest {
  /** Names it: unique. */
  readonly name: string;
  /** Letters a second, of all routes together; undefined for as fast as they go. */
  readonly rate: number | undefined;
  readonly renewExpiryMs: number | undefined;
}

/** The letters as a command sees them: beside the bridge, which may be at work on the same file. */
export class DeadLetterAdmin {
  readonly #database: DatabaseSync;
  readonly #file: string;

  /** Throws STATE_UNUSABLE. */
  constructor(file: string) {
    this.#file = file;
    this.#database = guarded(file, () => openLetterFile(file, BUSY_MS));
  }

  count(filter: LetterFilter): number {
    return numberOf(this.#one('SELECT count(*) AS n FROM dead_letters WHERE', conditionOf(filter))) ?? 0;
  }

  /** The last `limit` of them, oldest first. */
  list(filter: LetterFilter, limit: number): readonly KeptLetter[] {
    const { sql, values } = conditionOf(filter);
    const text = `SELECT ${KEPT} ${FROM} WHERE ${sql} ORDER BY number DESC LIMIT :limit`;
    return this.#all(text, { ...values, limit })
      .map(keptLetter)
      .toReversed();
  }

  /** One after another, oldest first: there may be more than the memory holds. */
  *each(filter: LetterFilter): Generator<WholeLetter> {
    const { sql, values } = conditionOf(filter);
    const next = this.#database.prepare(
      `SELECT dead_letters.*, ${KEPT} ${FROM} WHERE ${sql} AND number > :after ORDER BY number LIMIT 1`,
    );
    let after = 0;
    for (;;) {
      const at = after;
      const row = guarded(this.#file, () => next.get({ ...values, after: at }));
      if (row === undefined) return;
      after = numberOf(row['number']) ?? Infinity;
      yield wholeLetter(row);
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

  /** How many would expire at once. `lifetimesMs`: what a route says of its messages' life. */
  expired(filter: LetterFilter, lifetimesMs: ReadonlyMap<string, number>, nowMs: number): number {
    const { sql, values } = conditionOf(filter);
    const past = `(expires_at_ms <= :now OR EXISTS (SELECT 1 FROM json_each(:lives)
      WHERE json_each.key = dead_letters.route AND coalesce(timestamp_ms, received_at_ms) + json_each.value <= :now))`;
    const lives = JSON.stringify(Object.fromEntries(lifetimesMs));
    const condition = { sql: `${sql} AND ${past}`, values: { ...values, now: nowMs, lives } };
    return numberOf(this.#one('SELECT count(*) AS n FROM dead_letters WHERE', condition)) ?? 0;
  }

  /** Asks for a replay of them all, in one durable transaction. What an earlier request has asked for becomes this one's. */
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
  failures(request: string, limit: number): readonly KeptLetter[] {
    const text = `SELECT ${KEPT} ${FROM} WHERE request = :request AND replays.state = 'failed' ORDER BY number LIMIT :limit`;
    return this.#all(text, { request, limit }).map(keptLetter);
  }

  /** Takes back what was asked for and has not been taken. */
  withdraw(request: string): void {
    this.#write(() =>
      this.#database.prepare("DELETE FROM replays WHERE request = ? AND state = 'requested'").run(request),
    );
  }

  /** The request has ended and its outcome is told. */
  forget(request: string): void {
    this.#write(() =>
      this.#database.prepare("DELETE FROM replays WHERE request = ? AND state IN ('done', 'failed')").run(request),
    );
  }

  /** Removes them, but for those on their way back. What comes meanwhile stays. Returns how many are gone. */
  discard(filter: LetterFilter): number {
    const { sql, values } = conditionOf(filter);
    const last = numberOf(this.#one('SELECT max(number) AS n FROM dead_letters WHERE', conditionOf(filter))) ?? 0;
    const text = `DELETE FROM dead_letters WHERE number IN
      (SELECT number ${FROM} WHERE ${sql} AND ${FREE} AND number <= :last ORDER BY number LIMIT ${CHUNK}) RETURNING route`;
    let gone = 0;
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
      gone += removed;
      if (removed === 0) return gone;
    }
  }

  close(): void {
    this.#database.close();
  }

  #one(text: string, { sql, values }: Condition): unknown {
    return guarded(this.#file, () => this.#database.prepare(`${text} ${sql}`).get(values)?.['n']);
  }

  #all(text: string, values: Readonly<Record<string, string | number>>): readonly Record<string, unknown>[] {
    return guarded(this.#file, () => this.#database.prepare(text).all(values));
  }

  #write<T>(write: () => T): T {
    return guarded(this.#file, () => {
      try {
        return this.#transaction(write);
      } catch (thrown) {
        if (!isFullDisk(thrown)) throw thrown;
        // To remove letters takes room too.
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

/** Undefined where the folder has no letters and never had. Throws STATE_UNUSABLE, STATE_LINKED or STATE_DAMAGED. */
export function openDeadLetterAdmin(folder: string): DeadLetterAdmin | undefined {
  const file = join(folder, LETTER_FILE.name);
  const size = inspect(file)?.size;
  // The bridge's start sets it aside and says so: a new file in its place would hide it.
  if ((size ?? 0) === 0 && wasThere(folder, LETTER_FILE.name)) {
    const found = size === undefined ? 'none' : 'an empty one';
    throw new SluiceError('STATE_DAMAGED', `expected the file ${file}, which held letters, found ${found}`);
  }
  return size === undefined ? undefined : new DeadLetterAdmin(file);
}

function guarded<T>(file: string, act: () => T): T {
  try {
    return act();
  } catch (thrown) {
    throw unusable(`use ${file}`, thrown);
  }
}
