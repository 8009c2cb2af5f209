import type { HistogramView } from '#kit/histogram.ts';
import type { RouteNumbers } from '../../telemetry/route-numbers.ts';
import { quantileOf } from './quantile.ts';
import type { LatencyStatus, RouteHistory, RouteRates } from './status.ts';

/** Rates are those of so many samples, which are a second apart. */
const RATE_SAMPLES = 6;
/** Samples in one step of the history. */
const STEP_SAMPLES = 5;
/** Of the history: ten minutes. */
const MOST_STEPS = 120;
/** Steps over which times are judged: a minute. */
const TIME_STEPS = 12;

interface Sample {
  readonly atMs: number;
  readonly accepted: number;
  readonly delivered: number;
  readonly retries: number;
  readonly held: number;
  readonly deadLettered: number;
  readonly stages: readonly number[];
  readonly sinks: readonly number[];
}

interface Step {
  readonly sample: Sample;
  readonly times: Times;
}

/** Copies: the histograms of a route go on counting. */
interface Times {
  readonly latency: readonly number[];
  readonly stages: readonly (readonly number[])[];
  readonly sinks: readonly (readonly number[])[];
}

const NO_TIMES: Times = { latency: [], stages: [], sinks: [] };

/** The rates and the history of one route, of fixed size. `nowMs` is of a clock that does not jump. */
export class RouteSampler {
  readonly #samples: Sample[] = [];
  readonly #steps: Step[] = [];
  readonly #history = { accepted: [], delivered: [], held: [], deadLettered: [] } as Record<
    'accepted' | 'delivered' | 'held' | 'deadLettered',
    number[]
  >;
  #taken = 0;

  /** Once a second. */
  sample(numbers: RouteNumbers, nowMs: number): void {
    const { accepted, delivered, retries, held, deadLettered, expired, blocked, times } = numbers;
    const sample: Sample = {
      atMs: nowMs,
      accepted,
      delivered,
      retries,
      held,
      deadLettered: deadLettered + expired + blocked,
      stages: times?.stages.map((stage) => stage.in) ?? [],
      sinks: numbers.sinks.map(({ sent }) => sent),
    };
    this.#samples.push(sample);
    if (this.#samples.length > RATE_SAMPLES) this.#samples.shift();
    if (this.#taken % STEP_SAMPLES === 0) this.#step(sample, timesOf(numbers));
    this.#taken += 1;
  }

  rates(): RouteRates {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || first === last) {
      return { overSeconds: 0, accepted: 0, delivered: 0, retries: 0 };
    }
    const seconds = secondsBetween(first, last);
    return {
      overSeconds: Math.round(seconds),
      accepted: rate(first.accepted, last.accepted, seconds),
      delivered: rate(first.delivered, last.delivered, seconds),
      retries: rate(first.retries, last.retries, seconds),
    };
  }

  /** Messages a second that a stage is given, or a sink confirms. */
  rateOf(part: 'stages' | 'sinks', at: number): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || first === last) return 0;
    return rate(first[part][at] ?? 0, last[part][at] ?? 0, secondsBetween(first, last));
  }

  /** How many messages ended badly within the last minute. */
  badEnds(numbers: Pick<RouteNumbers, 'deadLettered' | 'expired' | 'blocked'>): number {
    const before = this.#steps[0]?.sample.deadLettered ?? 0;
    return numbers.deadLettered + numbers.expired + numbers.blocked - before;
  }

  latency({ times }: RouteNumbers): LatencyStatus | undefined {
    if (times === undefined) return undefined;
    const { latency } = times;
    const before = this.#steps[0]?.times.latency ?? [];
    const p50 = quantileOf(latency, before, 0.5);
    const p99 = quantileOf(latency, before, 0.99);
    if (p50 === undefined || p99 === undefined) return undefined;
    const messages = latency.count - before.reduce((sum, count) => sum + count, 0);
    const overSeconds = Math.min(60, Math.max(1, Math.round(this.#overMs() / 1000)));
    return { p50Seconds: p50, p99Seconds: p99, messages, overSeconds };
  }

  stageP99(histogram: HistogramView, at: number): number | undefined {
    return quantileOf(histogram, this.#steps[0]?.times.stages[at] ?? [], 0.99);
  }

  confirmP99(histogram: HistogramView, at: number): number | undefined {
    return quantileOf(histogram, this.#steps[0]?.times.sinks[at] ?? [], 0.99);
  }

  history(): RouteHistory {
    return { stepSeconds: STEP_SAMPLES, ...this.#history };
  }

  #step(sample: Sample, times: Times): void {
    const before = this.#steps.at(-1)?.sample;
    this.#steps.push({ sample, times });
    if (this.#steps.length > TIME_STEPS + 1) this.#steps.shift();
    if (before === undefined) return;
    const seconds = secondsBetween(before, sample);
    const { accepted, delivered, held, deadLettered } = this.#history;
    accepted.push(rate(before.accepted, sample.accepted, seconds));
    delivered.push(rate(before.delivered, sample.delivered, seconds));
    held.push(sample.held);
    deadLettered.push(Math.max(0, sample.deadLettered - before.deadLettered));
    for (const list of [accepted, delivered, held, deadLettered]) if (list.length > MOST_STEPS) list.shift();
  }

  #overMs(): number {
    return (this.#samples.at(-1)?.atMs ?? 0) - (this.#steps[0]?.sample.atMs ?? 0);
  }
}

function timesOf({ times }: RouteNumbers): Times {
  if (times === undefined) return NO_TIMES;
  return {
    latency: [...times.latency.counts],
    stages: times.stages.map(({ duration }) => [...duration.counts]),
    sinks: times.confirmed.map(({ counts }) => [...counts]),
  };
}

function secondsBetween(first: Sample, last: Sample): number {
  return Math.max(0.001, (last.atMs - first.atMs) / 1000);
}

/** With one decimal: more would change at every look. */
function rate(before: number, after: number, seconds: number): number {
  return Math.round((Math.max(0, after - before) / seconds) * 10) / 10;
}
