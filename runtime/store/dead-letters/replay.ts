import type { Database, Statement } from '#contract/database.ts';
import type { Delivery, Outcome } from '#contract/delivery.ts';
import type { Replay } from '#contract/replay.ts';
import type { Demand } from '#contract/source.ts';
import { type LetterWrites, isBusy } from './writes.ts';
import { frameOf, numberOf, type LetterRow, textOf } from './row.ts';
import type { DeadLetterStats } from './stats.ts';
import { ReplayRate } from './replay-rate.ts';

/** The most letters of one route in flight: a kill -9 repeats at most so many. */
export const REPLAYS_IN_FLIGHT = 32;
/** The pause before a required write is tried again. */
const RETRY_MS = 1000;
const BUSY_PAUSE_MS = 50;

/** How long the outcome of a replay is kept for the command that requested it. */
const OUTCOMES_KEPT_MS = 86_400_000;

interface RouteReplays {
  /** Requested and not taken, as of the last refresh. */
  waiting: number;
  inFlight: number;
  listener: () => void;
}

/** Delivers the letters whose replay was requested, and records the outcome of each. */
export class ReplayQueue {
  readonly #database: Database;
  readonly #group: LetterWrites;
  readonly #stats: DeadLetterStats;
  readonly #routes = new Map<string, RouteReplays>();
  readonly #rate = new ReplayRate(() => this.#wakeAll());
  readonly #requested: Statement;
  readonly #next: Statement;
  readonly #letter: Statement;
  readonly #mark: Statement;
  readonly #remove: Statement;
  #isClosed = false;

  constructor(database: Database, group: LetterWrites, stats: DeadLetterStats) {
    this.#database = database;
    this.#group = group;
    this.#stats = stats;
    this.#requested = database.prepare(
      "SELECT route, count(*) AS waiting FROM replays WHERE state = 'requested' GROUP BY route",
    );
    this.#next =
      database.prepare(`SELECT letter, rate, renew_expiry_ms, bytes FROM replays JOIN dead_letters ON number = letter
      WHERE state = 'requested' AND replays.route = ? ORDER BY letter LIMIT ?`);
    this.#letter = database.prepare('SELECT * FROM dead_letters WHERE number = ?');
    this.#mark = database.prepare('UPDATE replays SET state = ? WHERE letter = ? AND state = ?');
    this.#remove = database.prepare('DELETE FROM dead_letters WHERE number = ? RETURNING bytes');
    // Letters in flight when the last process ended go again, under the same id.
    database.exec("UPDATE replays SET state = 'requested' WHERE state = 'issued'");
    // Outcomes that no command has read.
    database
      .prepare("DELETE FROM replays WHERE state IN ('done', 'failed') AND requested_at_ms < ?")
      .run(Date.now() - OUTCOMES_KEPT_MS);
    this.refresh();
  }

  of(route: string): Replay {
    const replays = this.#replays(route);
    const isReady = (): boolean =>
      !this.#isClosed && replays.waiting > 0 && replays.inFlight < REPLAYS_IN_FLIGHT && this.#rate.isDue;
    return {
      get isReady() {
        return isReady();
      },
      take: (demand) => this.#take(route, replays, demand),
      onReady: (listener) => {
        replays.listener = listener;
        if (replays.waiting > 0) listener();
      },
    };
  }

  /** Reads the requests that a command has added or withdrawn. */
  refresh(): void {
    const waiting = new Map(this.#requested.all().map((row) => [textOf(row['route']), numberOf(row['waiting']) ?? 0]));
    for (const route of waiting.keys()) if (route !== undefined) this.#replays(route);
    for (const [route, replays] of this.#routes) replays.waiting = waiting.get(route) ?? 0;
    this.#wakeAll();
  }

  /** Called within a transaction that has written the letter as failed again. */
  failed(letter: number): void {
    this.#mark.run('failed', letter, 'issued');
  }

  close(): void {
    this.#isClosed = true;
    this.#rate.stop();
  }

  #replays(route: string): RouteReplays {
    const known = this.#routes.get(route);
    if (known !== undefined) return known;
    const replays: RouteReplays = { waiting: 0, inFlight: 0, listener: () => {} };
    this.#routes.set(route, replays);
    return replays;
  }

  #wakeAll(): void {
    for (const { waiting, listener } of this.#routes.values()) if (waiting > 0) listener();
  }

  #take(route: string, replays: RouteReplays, demand: Demand): readonly Delivery[] {
    const most = Math.min(demand.messages, REPLAYS_IN_FLIGHT - replays.inFlight);
    if (most <= 0 || this.#isClosed) return [];
    try {
      const taken = this.#issue(route, most, demand.bytes);
      replays.waiting = taken.length === 0 && this.#rate.isDue ? 0 : Math.max(0, replays.waiting - taken.length);
      replays.inFlight += taken.length;
      return taken.map((row) => this.#delivery(row, route, replays));
    } catch (thrown) {
      // No letter was taken: the route goes on, and the letters wait until the disk can be written.
      this.#rate.pause(isBusy(thrown) ? BUSY_PAUSE_MS : RETRY_MS);
      return [];
    }
  }

  /** Marks letters as issued, durably, before they are delivered. */
  #issue(route: string, most: number, bytes: number): readonly LetterRow[] {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const chosen: LetterRow[] = [];
      let size = 0;
      for (const next of this.#next.all(route, most)) {
        size += numberOf(next['bytes']) ?? 0;
        // A single letter may be larger than the demand: otherwise it could never go.
        if (chosen.length > 0 && size > bytes) break;
        if (!this.#rate.take(numberOf(next['rate']))) break;
        const number = numberOf(next['letter']) ?? 0;
        const letter = this.#letter.get(number);
        if (letter === undefined) continue;
        this.#mark.run('issued', number, 'requested');
        chosen.push({ ...letter, renew_expiry_ms: next['renew_expiry_ms'] });
      }
      this.#database.exec('COMMIT');
      return chosen;
    } catch (thrown) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw thrown;
    }
  }

  #delivery(row: LetterRow, route: string, replays: RouteReplays): Delivery {
    const letter = numberOf(row['number']) ?? 0;
    const renewMs = numberOf(row['renew_expiry_ms']);
    return {
      id: textOf(row['coordinates']) ?? '',
      frame: frameOf(row),
      // The last replay may have been sent before a kill: a duplicate at the sink may be this message.
      attempt: undefined,
      replay: {
        letter,
        attempts: numberOf(row['attempts']) ?? 0,
        receivedAtMs: numberOf(row['received_at_ms']) ?? 0,
        expiresAtMs: renewMs === undefined ? undefined : Date.now() + renewMs,
        traceId: textOf(row['trace_id']),
        spanId: textOf(row['span_id']),
        ended: { code: textOf(row['code']) ?? '', stage: textOf(row['stage']) },
      },
      settle: (outcome) => this.#settle(letter, outcome, route, replays),
    };
  }

  #settle(letter: number, outcome: Outcome, route: string, replays: RouteReplays): void {
    const onWritten = (): void => {
      replays.inFlight -= 1;
      replays.listener();
    };
    if (outcome.kind === 'release') {
      this.#retryUntilReady(() => this.#mark.run('requested', letter, 'issued'), onWritten);
      return;
    }
    const end = outcome.kind === 'accept' ? 'done' : 'failed';
    this.#retryUntilReady(() => {
      // A letter that was written as failed again stays; any other is removed.
      if (this.#mark.run(end, letter, 'issued').changes === 0) return;
      this.#stats.of(route);
      const [removed] = this.#remove.all(letter);
      if (removed !== undefined) this.#stats.removed(route, 1, numberOf(removed['bytes']) ?? 0);
    }, onWritten);
  }

  #retryUntilReady(write: () => void, done: () => void): void {
    this.#group.add(write).then(done, () => {
      if (!this.#isClosed) setTimeout(() => this.#retryUntilReady(write, done), RETRY_MS).unref();
    });
  }
}
