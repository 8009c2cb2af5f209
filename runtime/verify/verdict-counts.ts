import { VERDICT_NAMES, type Verdict, type VerdictName } from './verdicts.ts';

const MAX_EXAMPLES = 5;

/** Counts violations by verdict, and keeps the texts of the first few of each. */
export class VerdictCounts {
  readonly #counts = new Map<VerdictName, { count: number; tolerated: number; examples: string[] }>();
  readonly #allowed: ReadonlySet<VerdictName>;

  /** A violation that is `allowed` counts as tolerated. */
  constructor(allowed: ReadonlySet<VerdictName>) {
    this.#allowed = allowed;
    for (const name of VERDICT_NAMES) this.#counts.set(name, { count: 0, tolerated: 0, examples: [] });
  }

  violation(name: VerdictName, example: string): void {
    const found = this.#counts.get(name);
    if (found === undefined) return;
    if (this.#allowed.has(name)) found.tolerated += 1;
    else found.count += 1;
    if (found.examples.length < MAX_EXAMPLES) found.examples.push(example);
  }

  tolerated(name: VerdictName): void {
    const found = this.#counts.get(name);
    if (found !== undefined) found.tolerated += 1;
  }

  get isFine(): boolean {
    return [...this.#counts.values()].every(({ count }) => count === 0);
  }

  all(): Record<VerdictName, Verdict> {
    const none: Verdict = { count: 0, tolerated: 0, examples: [] };
    const of = (name: VerdictName): Verdict => this.#counts.get(name) ?? none;
    return {
      lost: of('lost'),
      duplicated: of('duplicated'),
      reordered: of('reordered'),
      'stale-overtake': of('stale-overtake'),
      'expired-delivered': of('expired-delivered'),
      'label-violation': of('label-violation'),
      corrupt: of('corrupt'),
      unaccounted: of('unaccounted'),
      wedged: of('wedged'),
    };
  }
}
