/** For this time a server that missed a deadline is tried after the others. */
const SUSPECT_MS = 30_000;
/** A server with a request open for longer is tried after the others. */
const SLOW_MS = 2000;

/** Which servers of a cluster answer, by `host:port`. */
export class BrokerHealth {
  readonly #timedOutAtMs = new Map<string, number>();
  readonly #open = new Map<string, Set<{ readonly sinceMs: number }>>();

  /** A request was sent that a healthy server answers at once. Call the result when it has ended. */
  sent(address: string): () => void {
    const open = this.#open.get(address) ?? new Set();
    this.#open.set(address, open);
    const one = { sinceMs: performance.now() };
    open.add(one);
    return () => void open.delete(one);
  }

  answered(address: string): void {
    this.#timedOutAtMs.delete(address);
  }

  timedOut(address: string): void {
    this.#timedOutAtMs.set(address, performance.now());
  }

  /** It may hang: try others first. */
  isSuspect(address: string): boolean {
    const nowMs = performance.now();
    const timedOutAtMs = this.#timedOutAtMs.get(address);
    if (timedOutAtMs !== undefined && nowMs - timedOutAtMs < SUSPECT_MS) return true;
    for (const { sinceMs } of this.#open.get(address) ?? []) if (nowMs - sinceMs > SLOW_MS) return true;
    return false;
  }
}
