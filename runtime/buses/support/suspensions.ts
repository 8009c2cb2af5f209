/** What is told of an end whose connection is up. */
export interface SuspensionEvent {
  readonly kind: 'suspended' | 'resumed';
  readonly detail: string;
}

/** What keeps an end from working although its connection is up, by names of its owner's. Says that it works only after it did not. */
export class Suspensions {
  readonly #reasons = new Map<string, string>();
  readonly #report: (event: SuspensionEvent) => void;

  constructor(report: (event: SuspensionEvent) => void) {
    this.#report = report;
  }

  /** Whether anything does. */
  get hasAny(): boolean {
    return this.#reasons.size > 0;
  }

  /** `why` says what is waited for. Until `resume` of the same name. */
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
