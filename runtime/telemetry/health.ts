/** The readiness of the process: which connections are up, and whether it takes work. */
export class Health {
  readonly #ends = new Map<string, string | undefined>();
  #isDraining = false;

  /** `end` is one connection of one route, `positions source`, or another part of it that can fail. `why` is for operators. */
  set(end: string, isUp: boolean, why = 'not up'): void {
    this.#ends.set(end, isUp ? undefined : why);
  }

  /** The process takes no new work from now on. */
  drain(): void {
    this.#isDraining = true;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Every connection is up and the process is not stopping. Backpressure does not affect readiness. */
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
