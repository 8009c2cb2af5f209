import { createHash } from 'node:crypto';
import type { LogRange } from '#contract/log-replay.ts';

export interface ReplayOf extends LogRange {
  readonly pipeline: string;
  readonly route: string;
}

const DIGITS = 10;

/** The id of a replay: the same for the same pipeline, route and moments. Names folders, durables and groups. */
export function replayId({ pipeline, route, fromMs, toMs }: ReplayOf): string {
  const text = JSON.stringify([pipeline, route, fromMs, toMs]);
  return createHash('sha256').update(text).digest('hex').slice(0, DIGITS);
}

/** The name of its reader at the server: every bus takes these characters. */
export function readerName({ pipeline, route }: Pick<ReplayOf, 'pipeline' | 'route'>, id: string): string {
  return `${pipeline}_${route}_replay-${id}`.replaceAll(/[^A-Za-z0-9_-]/g, '_');
}
