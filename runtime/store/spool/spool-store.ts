import type { Database } from '#contract/database.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Demand } from '#contract/source.ts';
import { CODES, codeOf } from '#kit/sqlite-codes.ts';
import { PAGE_BYTES } from './database.ts';
import { type Kept, read, write, type Written } from './stored-message.ts';
import { Remembered } from './committed-ids.ts';
import { type Keeps, type Statements, statements } from './statements.ts';
import { Unread } from './unread-ranges.ts';

/** What is to be kept, and by what the store knows that another one replaces it. */
export interface Arrival {
  readonly kept: Kept;
  /** Undefined: nothing replaces it. */
  readonly lane: string | undefined;
  /** Within a lane: a lower one never replaces a higher one. */
  readonly rank: number | undefined;
}

/** A row that was read and is not deleted yet. */
export interface Lent {
  readonly number: number;
  readonly kept: Kept;
  /** Whether an earlier start may have lent it already. */
  readonly isSuspect: boolean;
}

/** What one commit did. */
export interface Committed<A> {
  /** For which there was no room, in order. All others are safe. */
  readonly left: readonly A[];
  /** How many have ended because there was a newer one of their lane. */
  readonly superseded: number;
}

export interface StoreSettings {
  /** Of the pages in use, SQLite's own included. */
  readonly maxBytes: number;
  /** `all`: the oldest first. `newest`: one message a lane, the newest first. */
  readonly keeps: Keeps;
  /** Of how many messages the source may not have heard yet that they are here. */
  readonly remembers: number;
}

/** Demand on the disk that is given up where there is none, so that what lies there can leave. */
export interface RoomOnDisk {
  readonly isThere: boolean;
  /** Whether there is room for so many bytes more, without it. */
  hasRoomFor(bytes: number): boolean;
  release(): void;
  /** Takes it again; false where there is no room. */
  make(): boolean;
}

/** Of `maxBytes`: from the first mark on nothing new is taken, until deleting has reached the second. */
const FULL = 0.95;
const ROOM_AGAIN = 0.85;
/** The part of it that ids may take which are remembered. */
const IDS = 1 / 32;
/** Rows read at once. */
const READ_ROWS = 256;
/** What a row costs beyond its head and body, and what of a page its rows share. */
const ROW_BYTES = 32;
const SHARED_BYTES = PAGE_BYTES - 35;
/** Of a row that has no room in one page: what stands in its own page at least, and what each further page holds. */
const OWN_BYTES = 489;
const FURTHER_BYTES = PAGE_BYTES - 4;
/** Pages given back to the disk with one commit, and how many of them must be free before it is worth it. */
const VACUUM_PAGES = 256;
const IDLE_PAGES = 4096;
/** Of those that a start finds, the first so many may have been lent before: no window is larger, with what has ended and was not deleted. */
const MAX_SUSPECTS = 140_000;

/** What a transaction has changed, once it holds. */
interface Change {
  inserted: number;
  deleted: number;
  superseded: number;
  /** Rows that were lent, and hold another message now. */
  renewed: number;
}

/** The rows of one route's spool. Every call is synchronous; what `commit` took is on the disk when it returns. */
export class SpoolStore {
  readonly #database: Database;
  readonly #settings: StoreSettings;
  readonly #room: RoomOnDisk | undefined;
  readonly #sql: Statements;
  readonly #remembered: Remembered;
  readonly #unread = new Unread();
  /** Kept only where rows can be replaced. */
  readonly #lent = new Set<number>();
  readonly #lastFound: number;
  #suspects = MAX_SUSPECTS;
  #last: number;
  #cursor = 0;
  #messages: number;
  #waiting: number;
  #usedPages = 0;
  #freePages = 0;
  #isFull = false;

  /** Throws what the database says. */
  constructor(database: Database, settings: StoreSettings, room?: RoomOnDisk) {
    this.#database = database;
    this.#room = room;
    this.#settings = settings;
    this.#sql = statements(database, settings.keeps, VACUUM_PAGES);
    this.#remembered = new Remembered(database, {
      ids: settings.remembers,
      length: settings.maxBytes * IDS,
    });
    const { total, slot, number } = this.#sql.summary.get() ?? {};
    this.#messages = this.#waiting = Number(total);
    this.#last = this.#lastFound = Math.max(Number(slot), Number(number));
    this.#measure();
  }

  get messages(): number {
    return this.#messages;
  }

  /** Rows that nobody has read. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Of the pages in use. */
  get bytes(): number {
    return this.#usedPages * PAGE_BYTES;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** When the first of its rows arrived; undefined when there is none, or none that can be read. */
  oldestAtMs(): number | undefined {
    try {
      const row = this.#sql.oldest.get();
      return row === undefined ? undefined : keptIn(row).arrivedAtMs;
    } catch {
      // Who asks for numbers gets those that there are; who reads the row is told.
      return undefined;
    }
  }

  /** Of a message that was committed lately, here or at an earlier start: by which of all commits, counted upwards. */
  commitOf(id: string): number | undefined {
    return this.#remembered.groupOf(id);
  }

  /** Above every `commitOf`. */
  get nextCommit(): number {
    return this.#remembered.nextGroup;
  }

  /** True for what has no room in an empty store either. */
  neverFits({ kept, lane }: Arrival): boolean {
    return sizeOf(write(kept), lane) + 16 * PAGE_BYTES > this.#settings.maxBytes * FULL;
  }

  /**
   * Deletes the rows that have `ended` and takes the arrivals for which there is room, in one transaction. Throws what
   * the database says, and then has done nothing.
   */
  commit<A extends Arrival>(arrivals: readonly A[], ended: readonly number[]): Committed<A> {
    const last = this.#last;
    const change: Change = { inserted: 0, deleted: 0, superseded: 0, renewed: 0 };
    const isStarved = this.#room?.isThere === false;
    try {
      this.#sql.begin.run();
      // Behind the beginning, which finds out whether the file is still there.
      if (arrivals.length > 0) this.#mustHaveRoom(arrivals);
      this.#delete(ended, change);
      const left = this.#take(arrivals, change);
      const remember = this.#remembered.write(idsOf(arrivals, left));
      if (isStarved || (this.#freePages > IDLE_PAGES && this.#freePages > this.#usedPages)) this.#sql.vacuum.all();
      this.#sql.commit.run();
      remember();
      this.#messages += change.inserted - change.deleted;
      this.#waiting += change.inserted + change.renewed;
      for (const number of ended) this.#lent.delete(number);
      this.#measure();
      // The disk gets back at once what was freed in the file.
      if (isStarved) this.#shortenLog();
      // What was left behind for want of room stays behind until there is enough for many.
      if (left.length > 0) this.#isFull = this.bytes > this.#settings.maxBytes * ROOM_AGAIN;
      return { left, superseded: change.superseded };
    } catch (thrown) {
      this.#last = last;
      // A full disk has rolled back by itself.
      if (this.#database.isTransaction) this.#sql.rollback.run();
      if (codeOf(thrown) === CODES.full) this.#room?.release();
      this.#shortenLog();
      throw thrown;
    }
  }

  /** What comes in must leave enough of the disk for what lies there to be deleted. Throws STATE_UNUSABLE. */
  #mustHaveRoom(arrivals: readonly Arrival[]): void {
    const room = this.#room;
    if (room === undefined) return;
    const bytes = arrivals.reduce((sum, { kept }) => sum + (kept.frame.body?.length ?? 0) + PAGE_BYTES, 0);
    if ((room.isThere || room.make()) && room.hasRoomFor(bytes)) return;
    throw new SluiceError(
      'STATE_UNUSABLE',
      'expected room on the disk of the spool, found too little to take anything in',
    );
  }

  /** The next rows within `room`, in the order in which the class wants them; empty when all are lent. */
  next(room: Demand): readonly Lent[] {
    return this.#settings.keeps === 'all' ? this.#oldest(room) : this.#newest(room);
  }

  /** Lets the file go. */
  close(): void {
    this.#database.close();
  }

  #oldest(room: Demand): readonly Lent[] {
    const rows = this.#rows(this.#cursor, this.#last, room);
    this.#cursor = rows.at(-1)?.number ?? this.#cursor;
    return rows;
  }

  #newest(room: Demand): readonly Lent[] {
    for (let gap = this.#unread.newest(this.#last); gap !== undefined; gap = this.#unread.newest(this.#last)) {
      const rows = this.#rows(gap.above, gap.upTo, room);
      this.#unread.readDownTo(rows.at(-1)?.number ?? 0);
      for (const { number } of rows) this.#lent.add(number);
      if (rows.length > 0) return rows;
    }
    return [];
  }

  #rows(above: number, upTo: number, room: Demand): readonly Lent[] {
    const taken: Lent[] = [];
    if (above >= upTo) return taken;
    let bytes = 0;
    // More by those that are passed over, so that they alone never look like the end.
    const limit = Math.min(room.messages, READ_ROWS) + this.#lent.size;
    for (const row of this.#sql.next.iterate(above, upTo, limit)) {
      const number = Number(row['name']);
      if (this.#lent.has(number)) continue;
      const kept = keptIn(row);
      bytes += kept.frame.body?.length ?? 0;
      if (taken.length > 0 && (bytes > room.bytes || taken.length === Math.min(room.messages, READ_ROWS))) break;
      taken.push({ number, kept, isSuspect: this.#isSuspect(number) });
    }
    this.#waiting -= taken.length;
    return taken;
  }

  #isSuspect(number: number): boolean {
    if (number > this.#lastFound || this.#suspects === 0) return false;
    // The newest first: nobody can say how far an earlier start had come.
    if (this.#settings.keeps === 'all') this.#suspects -= 1;
    return true;
  }

  #delete(ended: readonly number[], change: Change): void {
    const sorted = ended.toSorted((a, b) => a - b);
    for (let from = 0; from < sorted.length;) {
      const first = sorted[from] ?? 0;
      let to = from;
      while (sorted[to + 1] === first + (to + 1 - from)) to += 1;
      change.deleted += Number(this.#sql.remove.run(first, sorted[to] ?? first).changes);
      from = to + 1;
    }
  }

  #take<A extends Arrival>(arrivals: readonly A[], change: Change): A[] {
    const left: A[] = [];
    let room = this.#isFull ? 0 : this.#settings.maxBytes * FULL - this.bytes;
    for (const arrival of arrivals) {
      const written = write(arrival.kept);
      if (arrival.lane !== undefined && this.#replaced(arrival, arrival.lane, written, change)) continue;
      const bytes = sizeOf(written, arrival.lane);
      // Of all, none may pass another; of the newest of each lane any may.
      if (bytes > room || (left.length > 0 && this.#settings.keeps === 'all')) left.push(arrival);
      else {
        room -= bytes;
        this.#insert(arrival, written, change);
      }
    }
    return left;
  }

  #insert({ lane, rank }: Arrival, { head, body, checksum }: Written, change: Change): void {
    this.#last += 1;
    this.#sql.insert.run(this.#last, this.#last, lane ?? null, rank ?? null, head, body, checksum);
    change.inserted += 1;
  }

  /** A message of a lane that the store holds needs no room of its own: it takes the place of the older one. */
  #replaced({ rank }: Arrival, lane: string, { head, body, checksum }: Written, change: Change): boolean {
    const row = this.#sql.ofLane.get(lane);
    if (row === undefined) return false;
    const known = row['rank'];
    if (rank !== undefined && typeof known === 'number' && rank < known) {
      change.superseded += 1;
      return true;
    }
    this.#last += 1;
    this.#sql.replace.run(this.#last, rank ?? null, head, body, checksum, Number(row['slot']));
    if (this.#lent.has(Number(row['number']))) change.renewed += 1;
    else change.superseded += 1;
    return true;
  }

  /** On a full disk the log may hold what would be room in the file. */
  #shortenLog(): void {
    try {
      this.#sql.shortenLog.all();
    } catch {
      // The failure that led here is the one to tell of.
    }
  }

  #measure(): void {
    const pages = Number(this.#sql.pages.get()?.['page_count']);
    this.#freePages = Number(this.#sql.freePages.get()?.['freelist_count']);
    this.#usedPages = pages - this.#freePages;
    this.#isFull = this.bytes > this.#settings.maxBytes * (this.#isFull ? ROOM_AGAIN : FULL);
  }
}

function idsOf(arrivals: readonly Arrival[], left: readonly Arrival[]): string[] {
  const isLeft = new Set(left);
  return arrivals.filter((arrival) => !isLeft.has(arrival)).map(({ kept }) => kept.id);
}

/** What a row takes of the file: https://www.sqlite.org/fileformat2.html, sections 1.6 and 2.6. */
function sizeOf({ head, body }: Written, lane = ''): number {
  const bytes = Buffer.byteLength(head) + (body?.length ?? 0) + 2 * lane.length + ROW_BYTES;
  const perPage = Math.floor(SHARED_BYTES / bytes);
  if (perPage > 0) return PAGE_BYTES / perPage;
  return PAGE_BYTES * (1 + Math.ceil((bytes - OWN_BYTES) / FURTHER_BYTES));
}

function keptIn({ head, body, checksum }: Readonly<Record<string, unknown>>): Kept {
  const bytes = body instanceof Uint8Array ? body : null;
  const kept = typeof head === 'string' ? read(head, bytes, Number(checksum)) : undefined;
  if (kept === undefined)
    throw new SluiceError('STATE_UNUSABLE', 'expected a row as it was written, found a damaged one');
  return kept;
}
