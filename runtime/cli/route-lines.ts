import { harmless } from '#kit/printable.ts';
import type { RouteNumbers } from '../telemetry/route-numbers.ts';

/** The newest outcome that a route's line shows. */
type Outcome = 'delivered' | 'dropped' | 'superseded' | 'expired' | 'dead letter' | 'blocked';

interface Sample {
  readonly atMs: number;
  readonly accepted: number;
  readonly ended: number;
}

interface Seen {
  readonly samples: Sample[];
  counts: Readonly<Record<Outcome, number>>;
  newest: { readonly outcome: Outcome; readonly atMs: number } | undefined;
  endedAtMs: number;
}

/** Rates are those of so many samples. */
const SAMPLES = 5;

/**
 * One line a route: messages in and out each second, messages held, the lag, and the newest outcome. All of it is read from
 * the counters, so it costs nothing while it is not shown.
 */
export class RouteLines {
  readonly #seen = new Map<string, Seen>();
  readonly #letterCodes = new Map<string, string>();

  /** The code of the newest dead letter of a route. */
  deadLettered(route: string, code: string): void {
    this.#letterCodes.set(route, code);
  }

  /** `nowMs`: of a clock that does not jump. */
  lines(routes: readonly RouteNumbers[], nowMs: number): readonly string[] {
    const width = Math.max(0, ...routes.map(({ route }) => route.length));
    return routes.map((numbers) => this.#line(numbers, width, nowMs));
  }

  #line(numbers: RouteNumbers, width: number, nowMs: number): string {
    const { route, accepted, held } = numbers;
    const seen = this.#look(numbers, nowMs);
    const [oldest] = seen.samples;
    const seconds = Math.max(0.001, (nowMs - (oldest?.atMs ?? nowMs)) / 1000);
    const last = seen.samples.at(-1);
    const inRate = (accepted - (oldest?.accepted ?? accepted)) / seconds;
    const outRate = ((last?.ended ?? 0) - (oldest?.ended ?? 0)) / seconds;
    const parts = [
      harmless(route).padEnd(width),
      `in ${rate(inRate)}`,
      `out ${rate(outRate)}`,
      `held ${held}`,
      `lag ${lag(numbers, outRate, nowMs - seen.endedAtMs)}`,
      this.#newest(route, seen, nowMs),
    ];
    return parts.join('  ');
  }

  #newest(route: string, { newest }: Seen, nowMs: number): string {
    if (newest === undefined) return 'nothing yet';
    const code = newest.outcome === 'dead letter' ? ` ${this.#letterCodes.get(route) ?? ''}` : '';
    return `newest: ${newest.outcome}${code.trimEnd()} ${time(nowMs - newest.atMs)} ago`;
  }

  #look(numbers: RouteNumbers, nowMs: number): Seen {
    const { accepted, delivered, dropped, superseded, expired, deadLettered, blocked } = numbers;
    const counts = { delivered, dropped, superseded, expired, blocked, 'dead letter': deadLettered };
    const ended = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const seen = this.#seen.get(numbers.route) ?? { samples: [], counts, newest: undefined, endedAtMs: nowMs };
    this.#seen.set(numbers.route, seen);
    for (const outcome of OUTCOMES) {
      if (counts[outcome] > seen.counts[outcome]) seen.newest = { outcome, atMs: nowMs };
    }
    if (ended > (seen.samples.at(-1)?.ended ?? 0)) seen.endedAtMs = nowMs;
    seen.counts = counts;
    seen.samples.push({ atMs: nowMs, accepted, ended });
    if (seen.samples.length > SAMPLES) seen.samples.shift();
    return seen;
  }
}

/** Of several in one moment the last one is shown. */
const OUTCOMES = ['delivered', 'dropped', 'superseded', 'expired', 'blocked', 'dead letter'] as const;

/** How long a message that is taken now will wait: messages held by the rate out; with a spool, the age of its oldest message. */
function lag({ held, spoolOldestAgeMs }: RouteNumbers, outRate: number, stillMs: number): string {
  if (spoolOldestAgeMs !== undefined && spoolOldestAgeMs > 0) return time(spoolOldestAgeMs);
  if (held === 0) return '0 s';
  return time(outRate > 0 ? (held / outRate) * 1000 : stillMs);
}

function rate(perSecond: number): string {
  return `${perSecond >= 10 || perSecond === 0 ? Math.round(perSecond) : perSecond.toFixed(1)}/s`;
}

function time(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}
