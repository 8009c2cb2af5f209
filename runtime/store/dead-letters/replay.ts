import type { Database, Statement } from '#contract/database.ts';
import type { Delivery, Outcome } from '#contract/delivery.ts';
import type { Replay } from '#contract/replay.ts';
import type { Demand } from '#contract/source.ts';
import { type LetterWrites, isBusy } from './writes.ts';
import { frameOf, numberOf, type Row, textOf } from './row.ts';
import type { DeadLetterStats } from './stats.ts';
import { ReplayRate } from './replay-rate.ts';

/** Letters of one route under way at once: what a kill -9 repeats at most. */
export const REPLAYS_IN_FLIGHT = 32;
/** Before a write that must come about is tried again. */
const INSIST_MS = 1000;
const BUSY_REST_MS = 50;

/** How long the outcome of a replay is there for the command that asked for it. */
const OUTCOMES_KEPT_MS = 86_400_000;

interface RouteDesk {
  /** Requested and not taken, as of the last look. */
  waiting: number;
  inFlight: number;
  listener: () => void;
}

/** Hands out the letters that operators want to see again, and writes down how each ended. */
export class ReplayQueue {
  readonly #database: Database;
  readonly #group: LetterWrites;
  readonly #standings: DeadLetterStats;
  readonly #routes = new Map<string, RouteDesk>();
  readonly #pace = new ReplayRate(() => this.#wakeAll());
  readonly #requested: Statement;
  readonly #next: Statement;
  readonly #letter: Statement;
  readonly #mark: Statement;
  readonly #remove: Statement;
  #isClosed = false;

  constructor(database: Database, group: LetterWrites, standings: DeadLetterStats) {
    this.#database = database;
    this.#group = group;
    this.#standings = standings;
    this.#requested = database.prepare(
      "SELECT route, count(*) AS waiting FROM replays WHERE state = 'requested' GROUP BY route",
    );
    this.#next =
      database.prepare(`SELECT letter, rate, renew_expiry_ms, bytes FROM replays JOIN dead_letters ON number = letter
      WHERE state = 'requested' AND replays.route = ? ORDER BY letter LIMIT ?`);
    this.#letter = database.prepare('SELECT * FROM dead_letters WHERE number = ?');
    this.#mark = database.prepare('UPDATE replays SET state = ? WHERE letter = ? AND state = ?');
    this.#remove = database.prepare('DELETE FROM dead_letters WHERE number = ? RETURNING bytes');
    // What was under way when the last process ended goes again, under the same id.
    database.exec("UPDATE replays SET state = 'requested' WHERE state = 'issued'");
    // Outcomes that no command has fetched.
    database
      .prepare("DELETE FROM replays WHERE state IN ('done', 'failed') AND requested_at_ms < ?")
      .run(Date.now() - OUTCOMES_KEPT_MS);
    this.look();
  }

  of(route: string): Replay {
    const desk = this.#desk(route);
    const isReady = (): boolean =>
      !this.#isClosed && desk.waiting > 0 && desk.inFlight < REPLAYS_IN_FLIGHT && this.#pace.isDue;
    return {
      get isReady() {
        return isReady();
      },
      take: (room) => this.#take(route, desk, room),
      onReady: (listener) => {
        desk.listener = listener;
        if (desk.waiting > 0) listener();
      },
    };
  }

  /** Sees what a command has requested, or taken back. */
  look(): void {
    const waiting = new Map(this.#requested.all().map((row) => [textOf(row['route']), numberOf(row['waiting']) ?? 0]));
    for (const route of waiting.keys()) if (route !== undefined) this.#desk(route);
    for (const [route, desk] of this.#routes) desk.waiting = waiting.get(route) ?? 0;
    this.#wakeAll();
  }

  /** Within a transaction: the letter was written as one that failed again. */
  failed(letter: number): void {
    this.#mark.run('failed', letter, 'issued');
  }

  close(): void {
    this.#isClosed = true;
    this.#pace.stop();
  }

  #desk(route: string): RouteDesk {
    const known = this.#routes.get(route);
    if (known !== undefined) return known;
    const desk: RouteDesk = { waiting: 0, inFlight: 0, listener: () => {} };
    this.#routes.set(route, desk);
    return desk;
  }

  #wakeAll(): void {
    for (const { waiting, listener } of this.#routes.values()) if (waiting > 0) listener();
  }

  #take(route: string, desk: RouteDesk, room: Demand): readonly Delivery[] {
    const most = Math.min(room.messages, REPLAYS_IN_FLIGHT - desk.inFlight);
    if (most <= 0 || this.#isClosed) return [];
    try {
      const taken = this.#issue(route, most, room.bytes);
      desk.waiting = taken.length === 0 && this.#pace.isDue ? 0 : Math.max(0, desk.waiting - taken.length);
      desk.inFlight += taken.length;
      return taken.map((row) => this.#delivery(row, route, desk));
    } catch (thrown) {
      // Nothing was taken: the route goes on, and the letters wait until the disk takes a mark again.
      this.#pace.rest(isBusy(thrown) ? BUSY_REST_MS : INSIST_MS);
      return [];
    }
  }

  /** Marks what goes now as under way: durable before it goes. */
  #issue(route: string, most: number, bytes: number): readonly Row[] {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const chosen: Row[] = [];
      let size = 0;
      for (const next of this.#next.all(route, most)) {
        size += numberOf(next['bytes']) ?? 0;
        // One alone may be larger than the room: it could never go otherwise.
        if (chosen.length > 0 && size > bytes) break;
        if (!this.#pace.take(numberOf(next['rate']))) break;
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

  #delivery(row: Row, route: string, desk: RouteDesk): Delivery {
    const letter = numberOf(row['number']) ?? 0;
    const renewMs = numberOf(row['renew_expiry_ms']);
    return {
      id: textOf(row['coordinates']) ?? '',
      frame: frameOf(row),
      // A kill may have come after its last replay was sent: a duplicate at the sink may be this very message.
      attempt: undefined,
      replay: {
        letter,
        attempts: numberOf(row['attempts']) ?? 0,
        receivedAtMs: numberOf(row['received_at_ms']) ?? 0,
        expiresAtMs: renewMs === undefined ? undefined : Date.now() + renewMs,
        traceId: textOf(row['trace_id']),
        spanId: textOf(row['span_id']),
      },
      settle: (outcome) => this.#settle(letter, outcome, route, desk),
    };
  }

  #settle(letter: number, outcome: Outcome, route: string, desk: RouteDesk): void {
    const freed = (): void => {
      desk.inFlight -= 1;
      desk.listener();
    };
    if (outcome.kind === 'release') {
      this.#retryUntilReady(() => this.#mark.run('requested', letter, 'issued'), freed);
      return;
    }
    const end = outcome.kind === 'accept' ? 'done' : 'failed';
    this.#retryUntilReady(() => {
      // A letter that failed again and was written as such stays; what ended elsewhere does not.
      if (this.#mark.run(end, letter, 'issued').changes === 0) return;
      this.#standings.of(route);
      const [removed] = this.#remove.all(letter);
      if (removed !== undefined) this.#standings.removed(route, 1, numberOf(removed['bytes']) ?? 0);
    }, freed);
  }

  #retryUntilReady(write: () => void, done: () => void): void {
    this.#group.add(write).then(done, () => {
      if (!this.#isClosed) setTimeout(() => this.#retryUntilReady(write, done), INSIST_MS).unref();
    });
  }
}
