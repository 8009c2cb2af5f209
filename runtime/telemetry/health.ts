/** What the probes are told: which connections are up, and whether the process takes work. */
export class Health {
  readonly #ends = new Map<string, string | undefined>();
  #isDraining = false;

  /** `end` is one connection of one route, `positions source`, or what else of it can fail. `why` is for operators. */
  set(end: string, isUp: boolean, why = 'not up'): void {
    this.#ends.set(end, isUp ? undefined : why);
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
    return !this.#isDraining && this.#ends.size > 0 && [...this.#ends.values()].every((why) => why === undefined);
  }

  /** One line each, `[+]positions source ok`. */
  report(): string {
    const lines = [...this.#ends].map(([end, why]) => (why === undefined ? `[+]${end} ok` : `[-]${end} ${why}`));
    if (this.#isDraining) lines.push('[-]draining');
    return `${lines.join('\n')}\n`;
  }
}
