/** What the probes are told: which connections are up, and whether the process takes work. */
export class Health {
  readonly #ends = new Map<string, boolean>();
  #isDraining = false;

  /** `end` is one connection of one route: `positions source`. */
  set(end: string, isUp: boolean): void {
    this.#ends.set(end, isUp);
  }

  /** From now on no new work is wanted here. */
  drain(): void {
    this.#isDraining = true;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Every connection is up and nothing is being shut down. Backpressure is not unreadiness. */
  get isReady(): boolean {
    return !this.#isDraining && this.#ends.size > 0 && [...this.#ends.values()].every(Boolean);
  }

  /** One line each, `[+]positions source ok`. */
  report(): string {
    const lines = [...this.#ends].map(([end, isUp]) => (isUp ? `[+]${end} ok` : `[-]${end} failed`));
    if (this.#isDraining) lines.push('[-]draining');
    return `${lines.join('\n')}\n`;
  }
}
