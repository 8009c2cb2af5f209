import { test } from 'node:test';
import { judgeMutations } from './mutation-laws.ts';

const SEED = Number(process.env['SLUICE_SEED'] ?? 1);

test('a file that was mutated in whatever way is checked within 5 s, and nothing throws: 150 of them', (t) => {
  judgeMutations(SEED, 150, (text) => t.diagnostic(text));
});
