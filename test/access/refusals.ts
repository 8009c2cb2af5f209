import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

/** Operations that a user of a pipeline must not be able to do, each tried for itself. */
export class Refusals {
  readonly #tried: string[] = [];

  /** `attempt` resolves with how the server answered; only `refused` is right. */
  async refuses(operation: string, attempt: () => Promise<'refused' | 'granted'>): Promise<void> {
    assert.equal(await attempt(), 'refused', operation);
    this.#tried.push(operation);
  }

  /** All of them at the same time: for attempts that do not see one another. */
  async refusesAll(operations: Readonly<Record<string, () => Promise<'refused' | 'granted'>>>): Promise<void> {
    await Promise.all(Object.entries(operations).map(([operation, attempt]) => this.refuses(operation, attempt)));
  }

  /** Asserts that so many different operations were refused, and says so. */
  count(t: TestContext, expected: number): void {
    assert.equal(new Set(this.#tried).size, expected, 'different operations, each refused');
    t.diagnostic(`${expected} operations refused`);
  }
}
