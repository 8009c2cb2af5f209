import type { Database } from '#contract/database.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Demand } from '#contract/source.ts';
import type { LogSync } from '../log-sync.ts';
import { OWNERS_TABLE, ProcessedIdTable, type StoredId } from '../processed-id-table.ts';
import { CommittedIds } from './committed-ids.ts';
import { PAGE_BYTES } from './database.ts';
import { RowReader, type SpoolRow } from './row-reader.ts';
import { rowSize } from './row-size.ts';
import { SpoolSpace } from './space.ts';
import { type Retention, type Statements, statements } from './statements.ts';
import { isFullDisk } from '../state-error.ts';
import { encodeRow, type EncodedRow, messageIn, type StoredMessage } from './stored-message.ts';

/** A message to be stored, and the lane and rank by which a newer one replaces it. */
export interface SpoolArrival {
  readonly message: StoredMessage;
  /** Undefined: no message replaces it. */
  readonly lane: string | undefined;
  /** Within a lane: a lower one never replaces a higher one. */
  readonly rank: number | undefined;
}

/** The result of one commit. */
export interface CommitResult<A> {
  /** Arrivals without room, in order. All others are safe. */
  readonly left: readonly A[];
  /** How many messages have ended because there was a newer one of their lane. */
  readonly superseded: number;
}

export interface StoreSettings {
  /** Of the pages in use, SQLite's own included, without those of processed ids. */
  readonly maxBytes: number;
  /** How many processed ids may be in the file; 0 by default. */
  readonly maxIds?: number;
  /** `all`: the oldest first. `newest`: one message a lane, the newest first. */
  readonly keeps: Retention;
  /** How many committed messages the source may still deliver again, because their settlement did not reach it. */
  readonly rememberedIds: number;
}

/** Disk space that is held in reserve and released on a full disk, so that stored messages can be deleted. */
export interface DiskReserve {
  readonly isThere: boolean;
  /** Whether the disk has room for so many bytes more, without the reserve. */
  hasRoomFor(bytes: number): boolean;
  release(): void;
  /** Takes it again; false where there is no room. */
  make(): boolean;
}

/** The part of `maxBytes` that remembered ids may take. */
const IDS = 1 / 32;
/** Pages given back to the disk with one commit. */
const VACUUM_PAGES = 256;

/** The changes of one transaction, counted once it is committed. */
interface Change {
  inserted: number;
  deleted: number;
  superseded: number;
  /** Rows that were read, and hold another message now. */
  renewed: number;
}

/**
 * The rows of one route's spool. Arrivals that `commit` took survive the process when it returns, and a power cut once
 * `durable` has resolved. Both are called in turn: no `commit` before the one before is durable.
 */
export class SpoolStore {
  readonly #database: Database;
  readonly #settings: StoreSettings;
  readonly #reserve: DiskReserve | undefined;
  readonly #sql: Statements;
  readonly #committedIds: CommittedIds;
  readonly #space: SpoolSpace;
  readonly #reader: RowReader;
  readonly #idTables: ProcessedIdTable[] = [];
  readonly #log: LogSync | undefined;
  #last: number;
  /** Rows up to it are on the disk, and may be read: what is sent must not be forgotten by a power cut. */
  #lastDurable: number;
  #messages: number;
  #waiting: number;

  /** Throws the database's error. */
  constructor(database: Database, settings: StoreSettings, reserve?: DiskReserve, log?: LogSync) {
    const { keeps, rememberedIds, maxBytes } = settings;
    this.#database = database;
    this.#reserve = reserve;
    this.#settings = settings;
    this.#log = log;
    this.#sql = statements(database, keeps, VACUUM_PAGES);
    this.#committedIds = new CommittedIds(database, { ids: rememberedIds, length: maxBytes * IDS });
    const { total, slot, number } = this.#sql.summary.get() ?? {};
    this.#messages = this.#waiting = Number(total);
    this.#last = this.#lastDurable = Math.max(Number(slot), Number(number));
    this.#reader = new RowReader(this.#sql.next, keeps, this.#last);
    this.#space = new SpoolSpace(this.#sql, maxBytes, () => this.#idTables.reduce((sum, ids) => sum + ids.bytes(), 0));
  }

  get messages(): number {
    return this.#messages;
  }

  /** Rows that were not read yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Of the pages in use. */
  get bytes(): number {
    return this.#space.bytes;
  }

  get isFull(): boolean {
    return this.#space.isFull;
  }

  /** When the first of its rows arrived; undefined when there is none, or none that can be read. */
  oldestAtMs(): number | undefined {
    try {
      const row = this.#sql.oldest.get();
      return row === undefined ? undefined : messageIn(row).arrivedAtMs;
    } catch {
      // A metric is left out where it cannot be read. Reading the row reports the error.
      return undefined;
    }
  }

  /** The number of the commit that stored the id last, here or in an earlier process; undefined for an id that is not remembered. */
  commitOf(id: string): number | undefined {
    return this.#committedIds.groupOf(id);
  }

  /** Above every `commitOf`. */
  get nextCommit(): number {
    return this.#committedIds.nextGroup;
  }

  /** True for a message that has no room in an empty store either. */
  neverFits({ message, lane }: SpoolArrival): boolean {
    return this.#space.neverFits(rowSize(encodeRow(message), lane));
  }

  /**
   * The processed ids of `owner`, which are in this file so that a row and its id are one transaction. They take no room of the
   * messages. `moved`: ids that are in another file still, and are here when it returns, durably. Throws the database's error.
   */
  openIds(owner: string, most: number, moved: readonly StoredId[] = []): ProcessedIdTable {
    try {
      return this.#openIds(owner, most, moved);
    } catch (thrown) {
      if (this.#database.isTransaction) this.#sql.rollback.run();
      if (!isFullDisk(thrown) || this.#reserve === undefined) throw thrown;
      this.#reserve.release();
      return this.#openIds(owner, most, moved);
    }
  }

  #openIds(owner: string, most: number, moved: readonly StoredId[]): ProcessedIdTable {
    this.#sql.begin.run();
    this.#database.exec(OWNERS_TABLE);
    const table = new ProcessedIdTable(this.#database, owner, most);
    // A start that was cut short may have moved them before.
    const known = new Set(moved.length === 0 ? [] : table.rows().map(({ id }) => id));
    for (const one of moved) if (!known.has(one.id)) table.write(one);
    this.#sql.commit.run();
    this.#idTables.push(table);
    this.#space.measure();
    return table;
  }

  /**
   * Deletes the rows that have `ended`, runs `writes`, which store processed ids, and takes the arrivals for which there is room,
   * in one transaction. Throws the database's error, and then has changed nothing.
   */
  commit<A extends SpoolArrival>(
    arrivals: readonly A[],
    ended: readonly number[],
    writes: readonly (() => void)[] = [],
  ): CommitResult<A> {
    const last = this.#last;
    const isStarved = this.#reserve?.isThere === false;
    const transaction = (): CommitResult<A> => this.#transaction(arrivals, ended, writes, isStarved);
    try {
      const result = this.#log === undefined ? transaction() : this.#log.write(transaction);
      if (this.#log === undefined) this.#lastDurable = this.#last;
      // Space that was freed in the file goes back to the disk at once.
      if (isStarved) this.#truncateLog();
      return result;
    } catch (thrown) {
      this.#last = last;
      for (const table of this.#idTables) table.rolledBack();
      if (isFullDisk(thrown)) this.#reserve?.release();
      this.#truncateLog();
      throw thrown;
    }
  }

  /** Resolves once the last commit is on the disk; undefined: it is. Rejects with the error of the disk: call it again then. */
  durable(): Promise<void> | undefined {
    const last = this.#last;
    const syncing = this.#log?.sync();
    if (syncing === undefined) this.#lastDurable = last;
    return syncing?.then(() => {
      this.#lastDurable = last;
    });
  }

  /** To be called behind `durable`: makes a log that has grown smaller. Never rejects. */
  async checkpoint(): Promise<void> {
    await this.#log?.checkpoint();
  }

  #transaction<A extends SpoolArrival>(
    arrivals: readonly A[],
    ended: readonly number[],
    writes: readonly (() => void)[],
    isStarved: boolean,
  ): CommitResult<A> {
    const change: Change = { inserted: 0, deleted: 0, superseded: 0, renewed: 0 };
    try {
      this.#sql.begin.run();
      // After BEGIN, which finds out whether the file is still there.
      if (arrivals.length > 0) this.#assertDiskSpace(arrivals);
      this.#delete(ended, change);
      for (const write of writes) write();
      const left = this.#take(arrivals, change);
      const remember = this.#committedIds.write(idsOf(arrivals, left));
      if (isStarved || this.#space.isVacuumDue) this.#sql.vacuum.all();
      this.#sql.commit.run();
      remember();
      this.#messages += change.inserted - change.deleted;
      this.#waiting += change.inserted + change.renewed;
      for (const number of ended) this.#reader.forget(number);
      this.#space.measure();
      if (left.length > 0) this.#space.waitForRoom();
      return { left, superseded: change.superseded };
    } catch (thrown) {
      // SQLite itself rolls back on a full disk.
      if (this.#database.isTransaction) this.#sql.rollback.run();
      throw thrown;
    }
  }

  /** The next rows within `demand`, in the order of the class; empty when all were read. */
  next(demand: Demand): readonly SpoolRow[] {
    const rows = this.#reader.next(this.#lastDurable, demand);
    this.#waiting -= rows.length;
    return rows;
  }

  /** Closes the file. */
  close(): void {
    try {
      this.#database.close();
    } finally {
      this.#log?.close();
    }
  }

  /** Arrivals must leave enough of the disk for stored rows to be deleted. Throws STATE_UNUSABLE. */
  #assertDiskSpace(arrivals: readonly SpoolArrival[]): void {
    const reserve = this.#reserve;
    if (reserve === undefined) return;
    const bytes = arrivals.reduce((sum, { message }) => sum + (message.frame.body?.length ?? 0) + PAGE_BYTES, 0);
    if ((reserve.isThere || reserve.make()) && reserve.hasRoomFor(bytes)) return;
    throw new SluiceError(
      'STATE_UNUSABLE',
      'expected room on the disk of the spool, found too little to take anything in',
    );
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

  #take<A extends SpoolArrival>(arrivals: readonly A[], change: Change): A[] {
    const left: A[] = [];
    let room = this.#space.room;
    for (const arrival of arrivals) {
      const row = encodeRow(arrival.message);
      if (arrival.lane !== undefined && this.#replaced(arrival, arrival.lane, row, change)) continue;
      const bytes = rowSize(row, arrival.lane);
      // With `all`, no message may overtake another; with `newest` any may.
      if (bytes > room || (left.length > 0 && this.#settings.keeps === 'all')) left.push(arrival);
      else {
        room -= bytes;
        this.#insert(arrival, row, change);
      }
    }
    return left;
  }

  #insert({ lane, rank }: SpoolArrival, { head, body, checksum }: EncodedRow, change: Change): void {
    this.#last += 1;
    this.#sql.insert.run(this.#last, this.#last, lane ?? null, rank ?? null, head, body, checksum);
    change.inserted += 1;
  }

  /** A message of a stored lane needs no room of its own: it takes the place of the older one. */
  #replaced({ rank }: SpoolArrival, lane: string, { head, body, checksum }: EncodedRow, change: Change): boolean {
    const row = this.#sql.ofLane.get(lane);
    if (row === undefined) return false;
    const stored = row['rank'];
    if (rank !== undefined && typeof stored === 'number' && rank < stored) {
      change.superseded += 1;
      return true;
    }
    this.#last += 1;
    this.#sql.replace.run(this.#last, rank ?? null, head, body, checksum, Number(row['slot']));
    if (this.#reader.hasRead(Number(row['number']))) change.renewed += 1;
    else change.superseded += 1;
    return true;
  }

  /** On a full disk the log may hold the space that the file needs. */
  #truncateLog(): void {
    try {
      if (this.#log === undefined) this.#sql.shortenLog.all();
      else this.#log.truncate();
    } catch {
      // The failure that led here is the one to report.
    }
  }
}

function idsOf(arrivals: readonly SpoolArrival[], left: readonly SpoolArrival[]): string[] {
  const isLeft = new Set(left);
  return arrivals.filter((arrival) => !isLeft.has(arrival)).map(({ message }) => message.id);
}
