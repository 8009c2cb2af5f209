import type { Ledger } from '#contract/ledger.ts';

/** Whether the ledger remembers the id. */
export function knows(ledger: Ledger, id: string): boolean {
  return ledger.addedAtMs(id) !== undefined;
}
