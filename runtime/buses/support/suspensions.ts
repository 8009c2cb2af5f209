/** An event of an end whose connection is up. */
export interface SuspensionEvent {
  readonly kind: 'suspended' | 'resumed';
  readonly detail: string;
}

/** The reasons why an end does not work although its connection is up, by name. Reports `resumed` only after `suspended`. */
export class Suspensions {
  readonly #reasons = new Map<string, string>();
  readonly #report: (event: SuspensionEvent) => void;

  constructor(report: (event: SuspensionEvent) => void) {
    this.#report = report;
  }

  /** Whether there is any reason. */
  get hasAny(): boolean {
    return this.#reasons.size > 0;
  }

  /** Suspends the end until `resume` of the same name; `why` is reported. */
  suspend(name: string, why: string): void {
    this.#reasons.set(name, why);
    this.#report({ kind: 'suspended', detail: why });
  }

  resume(name: string, how: string): void {
    if (!this.#reasons.delete(name)) return;
    const [other] = this.#reasons.values();
    this.#report(other === undefined ? { kind: 'resumed', detail: how } : { kind: 'suspended', detail: other });
  }
}
