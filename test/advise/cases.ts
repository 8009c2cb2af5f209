import type { Case } from './cases/case.ts';
import { DEVICES } from './cases/devices.ts';
import { LOGS } from './cases/logs.ts';
import { QUEUES } from './cases/queues.ts';
import { SITES } from './cases/sites.ts';

/** Published choices of a bus. */
export const CASES: readonly Case[] = [...LOGS, ...DEVICES, ...SITES, ...QUEUES];
