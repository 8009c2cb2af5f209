import { PAGE_BYTES } from './database.ts';
import type { Statements } from './statements.ts';

/** Fractions of `maxBytes`: above the first no new row is taken, until deletion has reached the second. */
const FULL = 0.95;
const ROOM_AGAIN = 0.85;
/** Free pages below which a vacuum is not worth its cost. */
const IDLE_PAGES = 4096;

/** The pages of the file, measured after each commit, against their bound (invariant 4). */
export class SpoolSpace {
  readonly #sql: Pick<Statements, 'pages' | 'freePages'>;
  readonly #maxBytes: number;
  readonly #idBytes: () => number;
  #usedPages = 0;
  #freePages = 0;
  #isFull = false;

  /** `idBytes`: of processed ids, which are in the file and do not count against `maxBytes`. */
  constructor(sql: Pick<Statements, 'pages' | 'freePages'>, maxBytes: number, idBytes: () => number) {
    this.#sql = sql;
    this.#maxBytes = maxBytes;
    this.#idBytes = idBytes;
    this.measure();
  }

  /** Of the pages in use, without those of processed ids. */
  get bytes(): number {
    return this.#usedPages * PAGE_BYTES;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** Bytes that new rows may take. */
  get room(): number {
    return this.#isFull ? 0 : this.#maxBytes * FULL - this.bytes;
  }

  get isVacuumDue(): boolean {
    return this.#freePages > IDLE_PAGES && this.#freePages > this.#usedPages;
  }

  /** True for a row that does not fit into an empty store either. */
  neverFits(bytes: number): boolean {
    return bytes + 16 * PAGE_BYTES > this.#maxBytes * FULL;
  }

  measure(): void {
    const pages = Number(this.#sql.pages.get()?.['page_count']);
    this.#freePages = Number(this.#sql.freePages.get()?.['freelist_count']);
    this.#usedPages = Math.max(0, pages - this.#freePages - Math.ceil(this.#idBytes() / PAGE_BYTES));
    this.#isFull = this.bytes > this.#maxBytes * (this.#isFull ? ROOM_AGAIN : FULL);
  }

  /** A message was refused for want of room: none is taken until there is room for many. */
  waitForRoom(): void {
    this.#isFull = this.bytes > this.#maxBytes * ROOM_AGAIN;
  }
}
