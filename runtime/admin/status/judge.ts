import type { HealthPart } from '../../telemetry/health.ts';
import { lasted } from '../../telemetry/health.ts';
import type { RouteNumbers } from '../../telemetry/route-numbers.ts';
import type { StateWord } from './status.ts';

export interface Judgement {
  readonly state: StateWord;
  readonly why: readonly string[];
}

/** What of a route is known beside its counts. */
export interface Signs {
  /** Those of the route. */
  readonly parts: readonly HealthPart[];
  readonly numbers: RouteNumbers | undefined;
  /** Messages that ended within the last minute as dead letters, expired or blocked. */
  readonly badEnds: number;
  readonly retriesPerSecond: number;
}

/** A part that is not up is `down`. What has not failed and deserves a look is `degraded`; backpressure alone is neither. */
export function judged({ parts, numbers, badEnds, retriesPerSecond }: Signs): Judgement {
  const down = parts.filter(({ isUp }) => !isUp).map(({ name, why, forMs }) => `${name}: ${why}, for ${lasted(forMs)}`);
  if (down.length > 0) return { state: 'down', why: down };
  if (numbers === undefined) return { state: 'down', why: ['it has not begun to run'] };
  const signs = [
    badEnds > 0 && `${badEnds} messages of the last minute are dead letters, expired or blocked`,
    retriesPerSecond > 0 && `${retriesPerSecond} retries a second`,
    numbers.spoolIsFull === true && 'the spool is full, so the source is not read',
  ].filter((sign) => sign !== false);
  return { state: signs.length > 0 ? 'degraded' : 'ok', why: signs };
}

const RANKS: readonly StateWord[] = ['ok', 'degraded', 'down'];

export function worst(words: readonly StateWord[]): StateWord {
  return RANKS.findLast((word) => words.includes(word)) ?? 'ok';
}

/** Whether the part is one of this route: `positions sink`, `positions.2 sink`. */
export function isPartOf(part: string, route: string): boolean {
  return part.startsWith(route) && /^(\.\d+)? /.test(part.slice(route.length));
}
