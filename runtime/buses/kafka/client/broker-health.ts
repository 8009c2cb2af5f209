/** So long a server that did not answer is asked after the others. */
const SUSPECT_MS = 30_000;
/** A server that owes an answer for so long is asked after the others. */
const OWES_MS = 2000;

/** Which servers of a cluster answer, by `host:port`. */
export class ServerHealth {
  readonly #overdueAtMs = new Map<string, number>();
  readonly #owed = new Map<string, Set<{ readonly sinceMs: number }>>();

  /** A request leaves that is answered at once by a server that works. Call what is returned when it has ended. */
  asked(address: string): () => void {
    const owed = this.#owed.get(address) ?? new Set();
    this.#owed.set(address, owed);
    const one = { sinceMs: performance.now() };
    owed.add(one);
    return () => void owed.delete(one);
  }

  answered(address: string): void {
    this.#overdueAtMs.delete(address);
  }

  overdue(address: string): void {
    this.#overdueAtMs.set(address, performance.now());
  }

  /** It may hang: others are to be asked first. */
  isSuspect(address: string): boolean {
    const nowMs = performance.now();
    const overdueAtMs = this.#overdueAtMs.get(address);
    if (overdueAtMs !== undefined && nowMs - overdueAtMs < SUSPECT_MS) return true;
    for (const { sinceMs } of this.#owed.get(address) ?? []) if (nowMs - sinceMs > OWES_MS) return true;
    return false;
  }
}
