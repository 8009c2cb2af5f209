import { test } from 'node:test';
import { judgeMutations } from './mutation-laws.ts';

const SEED = Number(process.env['SLUICE_SEED'] ?? 10_000);

test('a file that was mutated in whatever way is checked within 5 s, and nothing throws: 3000 of them', (t) => {
  judgeMutations(SEED, 3000, (text) => t.diagnostic(text));
});
