import type { SettledOutcome } from '#contract/trace.ts';
import { Histogram } from '#kit/histogram.ts';
import type { InFlight } from './in-flight.ts';

/**
 * In seconds. Those that the OpenTelemetry conventions for messaging advise, and smaller ones: a bridge on one machine confirms within
 * a millisecond.
 */
const BOUNDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
] as const;

/** The times of one stage, and how many messages it was given and made. */
export interface StageMeter {
  readonly name: string;
  readonly duration: Histogram;
  in: number;
  out: number;
}

/**
 * Where the time of a route's messages goes. A route has meters only where something reads them: a message of one without them pays
 * a test for undefined at each place.
 */
export class Meters {
  readonly latency = new Histogram(BOUNDS);
  readonly ended: Partial<Record<SettledOutcome, Histogram>> = {};
  readonly stages: StageMeter[] = [];
  readonly confirmed: Histogram[] = [];
  readonly settled = new Histogram(BOUNDS);

  /** Called once, before the first message. */
  begin(stages: readonly { readonly name: string }[], sinks: number): void {
    for (const { name } of stages) this.stages.push({ name, duration: new Histogram(BOUNDS), in: 0, out: 0 });
    for (let at = 0; at < sinks; at += 1) this.confirmed.push(new Histogram(BOUNDS));
  }

  /** Every sink that takes it has confirmed it. `elapsedMs`, `nowMs`: as in Clock. */
  delivered({ envelope: { madeAtMs, delivery }, takenAtMs }: InFlight, elapsedMs: number, nowMs: number): void {
    this.endedAfter('delivered', elapsedMs - takenAtMs);
    // A replayed letter was late because of an operator.
    if (madeAtMs !== undefined && delivery.replay === undefined) this.latency.record((nowMs - madeAtMs) / 1000);
  }

  /** A message has come to its end `ms` after it was taken from its source. */
  endedAfter(outcome: SettledOutcome, ms: number): void {
    let histogram = this.ended[outcome];
    if (histogram === undefined) {
      histogram = new Histogram(BOUNDS);
      this.ended[outcome] = histogram;
    }
    histogram.record(ms / 1000);
  }
}
