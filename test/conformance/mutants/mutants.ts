import type { Mutant } from './mutant.ts';
import { SINKS } from './sinks.ts';
import { SOURCES } from './sources.ts';

/** Faults that the tests must find. */
export const MUTANTS: readonly Mutant[] = [...SINKS, ...SOURCES];
