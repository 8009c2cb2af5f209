/** At most so many releases a minute on average, and `burst` of them at once. Its memory ends with the process. */
export class ReleaseRate {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #elapsedMs: () => number;
  #tokens: number;
  #atMs: number;

  constructor({ perMinute, burst }: { readonly perMinute: number; readonly burst: number }, elapsedMs: () => number) {
    this.#perMs = perMinute / 60_000;
    this.#burst = burst;
    this.#elapsedMs = elapsedMs;
    this.#tokens = burst;
    this.#atMs = elapsedMs();
  }

  /** Takes one, where there is one. */
  takes(): boolean {
    const nowMs = this.#elapsedMs();
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#atMs) * this.#perMs);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
