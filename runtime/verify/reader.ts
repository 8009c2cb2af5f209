import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import type { Source } from '#contract/source.ts';
import type { Checker } from './checker.ts';
import { type MarkPlace, nameOf, readMark } from './mark.ts';

const ROOM = { messages: 1000, bytes: 64 * 1024 * 1024 };
/** Ids of copies remembered: at least this many, at most twice. */
const REMEMBERED = 100_000;

/** Reads what comes out of the bridge and tells the checker, until `signal` aborts. Rejects when the bus is lost for good. */
export async function readInto(checker: Checker, source: Source, place: MarkPlace, signal: AbortSignal): Promise<void> {
  const copies = new Copies();
  while (!signal.aborted) {
    const deliveries = await source.read(ROOM, signal);
    const atMs = Date.now();
    for (const delivery of deliveries) {
      const reading = readMark(delivery.frame, place);
      const { headers } = delivery.frame;
      const label = headers.get('seclabel')?.[0];
      const name = reading.kind === 'unreadable' ? '' : nameOf(reading.mark);
      checker.arrive({
        reading,
        label,
        isReplay: headers.has('replayed'),
        atMs,
        isReread: copies.isReread(delivery, name),
      });
    }
    for (const delivery of deliveries) delivery.settle(ACCEPT);
  }
}

/** Tells a second copy in the bus from the same copy read twice, which a connection that breaks brings about. */
class Copies {
  #seen = new Set<string>();
  #older = new Set<string>();

  isReread({ id, attempt }: Delivery, name: string): boolean {
    if (attempt !== undefined) return attempt > 1;
    // The bus cannot tell (Kafka, a stream behind its place): its coordinates can.
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
