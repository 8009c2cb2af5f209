/** What a receiver saw of numbered messages: 1 to `total` of every key. */
export interface Verdict {
  readonly missing: number;
  /** Numbers that came for the first time after a greater one of their key. */
  readonly inversions: number;
  readonly unknown: number;
}

/** Keeps account of what arrives, repetitions allowed. */
export class OrderJudge {
  readonly #total: number;
  readonly #seen: ReadonlyMap<string, Set<number>>;
  readonly #greatest = new Map<string, number>();
  #inversions = 0;
  #unknown = 0;
  #distinct = 0;

  constructor(keys: readonly string[], total: number) {
    this.#total = total;
    this.#seen = new Map(keys.map((key) => [key, new Set()]));
  }

  /** Different messages seen. */
  get distinct(): number {
    return this.#distinct;
  }

  see(key: string, number: number): void {
    const seen = this.#seen.get(key);
    if (seen === undefined || !Number.isInteger(number) || number < 1 || number > this.#total) {
      this.#unknown += 1;
      return;
    }
    if (seen.has(number)) return;
    seen.add(number);
    this.#distinct += 1;
    const greatest = this.#greatest.get(key) ?? 0;
    if (number < greatest) this.#inversions += 1;
    else this.#greatest.set(key, number);
  }

  verdict(): Verdict {
    const missing = this.#seen.size * this.#total - this.#distinct;
    return { missing, inversions: this.#inversions, unknown: this.#unknown };
  }
}

/** Nothing to complain of. */
export const FLAWLESS: Verdict = { missing: 0, inversions: 0, unknown: 0 };
