import { test } from 'node:test';
import { judgeMutations } from './mutation-laws.ts';

const SEED = Number(process.env['SLUICE_SEED'] ?? 10_000);
const COUNT = Number(process.env['SLUICE_SEEDS'] ?? 3000);

test('a file that was mutated in whatever way is checked within 5 s, and nothing throws: thousands of them', (t) => {
  judgeMutations(SEED, COUNT, (text) => t.diagnostic(text));
});
