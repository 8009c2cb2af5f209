import type { SluiceError } from '#contract/errors.ts';
import type { StageTrace } from '#contract/trace.ts';
import type { Clock } from '../clock.ts';
import type { InFlight } from '../in-flight.ts';
import type { StageMeter } from '../meters.ts';
import type { Route } from '../route-parts.ts';

/** One call of a stage, as the trace of the message and the meters of the route see it. */
export class StageCall {
  readonly span: StageTrace | undefined;
  readonly #meter: StageMeter | undefined;
  readonly #clock: Pick<Clock, 'elapsedMs'>;
  readonly #startedMs: number;

  constructor(span: StageTrace | undefined, meter: StageMeter | undefined, clock: Pick<Clock, 'elapsedMs'>) {
    this.span = span;
    this.#meter = meter;
    this.#clock = clock;
    this.#startedMs = meter === undefined ? 0 : clock.elapsedMs();
    if (meter !== undefined) meter.in += 1;
  }

  /** `results`: how many messages the stage has made of one. */
  end(failure: SluiceError | undefined, results: number): void {
    this.span?.end(failure, results);
    if (this.#meter === undefined) return;
    this.#meter.duration.record((this.#clock.elapsedMs() - this.#startedMs) / 1000);
    this.#meter.out += results;
  }
}

/** Undefined where the message is not traced and the route has no meters: then a call costs two tests. */
export function beginStage(
  { observers }: Route,
  inFlight: InFlight,
  name: string,
  index: number,
): StageCall | undefined {
  const span = inFlight.envelope.trace?.stage(name, index);
  const meter = observers.meters?.stages[index];
  return span === undefined && meter === undefined ? undefined : new StageCall(span, meter, observers.clock);
}
