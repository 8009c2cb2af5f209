import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import type { Source } from '#contract/source.ts';
import type { Checker } from './checker.ts';
import { type MarkPlace, nameOf, readMark } from './mark.ts';

const ROOM = { messages: 1000, bytes: 64 * 1024 * 1024 };
/** Ids of copies remembered: at least this many, at most twice. */
const REMEMBERED = 100_000;

export interface ReadingRules {
  readonly place: MarkPlace;
  /** Whether the bus stamps what it stores by the clock of this machine. */
  readonly isStamped: boolean;
}

/**
 * The reading end. It can be opened anew, and then continues from its last position: before the verdict "wedged", the
 * checker must exclude that only its own connection receives nothing.
 */
export class Reader {
  readonly #checker: Checker;
  readonly #rules: ReadingRules;
  readonly #open: () => Promise<Source>;
  readonly #copies = new Copies();
  readonly #failed = Promise.withResolvers<never>();
  #source: Source;
  #turn = new AbortController();
  #reading: Promise<void>;

  /** Reads from `first` at once. `open` returns a source that continues it. */
  constructor(checker: Checker, rules: ReadingRules, first: Source, open: () => Promise<Source>) {
    this.#checker = checker;
    this.#rules = rules;
    this.#open = open;
    this.#source = first;
    this.#failed.promise.catch(() => {});
    this.#reading = this.#read();
  }

  /** Never resolves; rejects when the bus is lost for good. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  async renew(): Promise<void> {
    await this.close();
    this.#turn = new AbortController();
    this.#source = await this.#open();
    this.#reading = this.#read();
  }

  /** Settles the messages that were read and closes the connection. Never rejects. */
  async close(): Promise<void> {
    this.#turn.abort();
    await this.#reading;
    await this.#source.close().catch(() => {});
  }

  #read(): Promise<void> {
    return readInto(this.#checker, this.#source, this.#rules, this.#copies, this.#turn.signal).catch(
      (thrown: unknown) => this.#failed.reject(thrown),
    );
  }
}

/** Reads the bridge's messages and passes them to the checker, until `signal` aborts. Rejects when the bus is lost for good. */
async function readInto(
  checker: Checker,
  source: Source,
  { place, isStamped }: ReadingRules,
  copies: Copies,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const deliveries = await source.read(ROOM, signal);
    const atMs = Date.now();
    for (const delivery of deliveries) {
      const reading = readMark(delivery.frame, place);
      const { headers, timestampMs } = delivery.frame;
      const label = headers.get('seclabel')?.[0];
      const name = reading.kind === 'unreadable' ? '' : nameOf(reading.mark);
      checker.arrive({
        reading,
        label,
        isReplay: headers.has('replayed'),
        atMs,
        storedMs: isStamped ? timestampMs : undefined,
        isReread: copies.isReread(delivery, name),
      });
    }
    for (const delivery of deliveries) delivery.settle(ACCEPT);
  }
}

/** Separates a second copy in the bus from the same copy read twice. A broken connection causes the latter. */
class Copies {
  #seen = new Set<string>();
  #older = new Set<string>();

  isReread({ id, attempt }: Delivery, name: string): boolean {
    if (attempt !== undefined) return attempt > 1;
    // The bus has no redelivery flag (Kafka, a stream behind its position): the coordinates identify the copy.
    const copy = `${id} ${name}`;
    if (this.#seen.has(copy) || this.#older.has(copy)) return true;
    this.#seen.add(copy);
    if (this.#seen.size >= REMEMBERED) {
      this.#older = this.#seen;
      this.#seen = new Set();
    }
    return false;
  }
}
