import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';

/**
 * Runs a property on many seeds: so many as SLUICE_SEEDS says. A failure prints the one command that repeats it, through
 * SLUICE_REPLAY.
 */
export async function onSeeds<T>(
  property: fc.IAsyncPropertyWithHooks<[T]>,
  {
    seeds,
    file,
    examples = [],
  }: {
    readonly seeds: number;
    /** `import.meta.url` */
    readonly file: string;
    /** Tried first in every run: what failed once. */
    readonly examples?: readonly T[];
  },
): Promise<void> {
  const [seed, path] = (process.env['SLUICE_REPLAY'] ?? '').split('/');
  const numRuns = Number(process.env['SLUICE_SEEDS'] ?? seeds) + examples.length;
  const isReplay = seed !== undefined && seed !== '';
  const how = isReplay
    ? { seed: Number(seed), path: path ?? '', endOnFailure: true }
    : { examples: examples.map((example): [T] => [example]) };
  const run = await fc.check(property, { numRuns, ...how });
  if (!run.failed) return;
  const name = relative(process.cwd(), fileURLToPath(file));
  const replay = `SLUICE_REPLAY=${run.seed}/${run.counterexamplePath ?? ''} node --test ${name}`;
  throw new Error(
    `${String(run.errorInstance)}\nafter ${run.numRuns} seeds, with ${JSON.stringify(run.counterexample)}\nagain: ${replay}`,
    { cause: run.errorInstance },
  );
}
