import { checksumOf } from './content-id.ts';

/** At least so many ids are remembered, at most twice as many. */
const REMEMBERED = 32_768;

/**
 * Ids that publishers chose, each with a checksum of the message that wore it last: a publisher that begins anew counts from
 * 1 again, and two of them may share a name. Bounded: what was not seen for long is forgotten, and its next use is nobody's
 * reuse.
 */
export class ReusedIds {
  #recent = new Map<string, number>();
  #older = new Map<string, number>();

  /** Whether another message wore this id before. `whole`: the id together with what tells its message from others. */
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
