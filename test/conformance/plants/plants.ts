import type { Plant } from './plant.ts';
import { SINKS } from './sinks.ts';
import { SOURCES } from './sources.ts';

/** Faults that the laws must find. */
export const PLANTS: readonly Plant[] = [...SINKS, ...SOURCES];
