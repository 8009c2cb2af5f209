import type { GuardAudit } from '../guards/guard.ts';
import type { GuardNumbers } from '../telemetry/guard-numbers.ts';

type Entry = Parameters<GuardAudit['append']>[0];

/** Counts the decisions of one guard by what it writes into its audit file: nothing counts that is not there. */
export class GuardCounts {
  readonly #guard: string;
  readonly #decisions = new Map<string, { outcome: string; reason: string; count: number }>();
  #records = 0;
  #failures = 0;

  constructor(guard: string) {
    this.#guard = guard;
  }

  watching(audit: GuardAudit): GuardAudit {
    return {
      append: async (entry) => {
        try {
          await audit.append(entry);
        } catch (thrown) {
          this.#failures += 1;
          throw thrown;
        }
        this.#records += 1;
        this.#decided(entry);
      },
    };
  }

  numbers(): GuardNumbers {
    return {
      guard: this.#guard,
      decisions: [...this.#decisions.values()],
      records: this.#records,
      failures: this.#failures,
    };
  }

  #decided({ kind, outcome, reason }: Entry): void {
    if (kind !== 'guard.decision') return;
    // `approval:expired`: the step alone is counted.
    const step = typeof reason === 'string' ? (reason.split(':', 1)[0] ?? '') : 'none';
    const key = `${String(outcome)} ${step}`;
    const found = this.#decisions.get(key) ?? { outcome: String(outcome), reason: step, count: 0 };
    found.count += 1;
    this.#decisions.set(key, found);
  }
}
