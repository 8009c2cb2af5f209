import { mulberry32 } from '#kit/mulberry32.ts';

/** The seed of this run: SLUICE_SEED, else another one each time. A test prints it. */
export function seedOfRun(): number {
  const given = Number(process.env['SLUICE_SEED']);
  return Number.isInteger(given) && given > 0 ? given : Math.floor(Math.random() * 2 ** 31) + 1;
}

/** A whole number from `low` to `high`, both included. */
export type Dice = (low: number, high: number) => number;

/** The same throws for the same seed. */
export function dice(seed: number): Dice {
  const next = mulberry32(seed);
  return (low, high) => low + Math.floor(next() * (high - low + 1));
}
