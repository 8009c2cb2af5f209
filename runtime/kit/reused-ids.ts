import { checksumOf } from './content-id.ts';

/** At least so many ids are kept, at most twice as many. */
const REMEMBERED = 32_768;

/**
 * Ids that publishers chose, each with a checksum of its last message: a publisher that restarts counts from 1 again, and
 * two publishers may have one name. Bounded: an id that was not seen for long is dropped, and its next use is no reuse.
 */
export class ReusedIds {
  #recent = new Map<string, number>();
  #older = new Map<string, number>();

  /** Whether another message had this id before. `whole`: the id together with the message's content id. */
  isReused(id: string, whole: string): boolean {
    const mark = checksumOf(whole);
    const before = this.#recent.get(id) ?? this.#older.get(id);
    if (before === mark) return false;
    this.#recent.set(id, mark);
    if (this.#recent.size >= REMEMBERED) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    return before !== undefined;
  }
}
