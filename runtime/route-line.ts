import type { BusContext } from '#contract/bus.ts';
import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import type { Memo } from '#contract/memo.ts';
import type { Sink } from '#contract/sink.ts';
import type { Source } from '#contract/source.ts';
import { busReporter } from './bus-reporter.ts';
import { busOf } from './catalog-of.ts';
import type { PipelineSpec, RouteSpec } from './config/pipeline-spec.ts';
import { Pump } from './engine/pump.ts';
import type { Route } from './engine/route.ts';
import type { SentBefore } from './engine/sent-before.ts';
import { Watchdog } from './engine/watchdog.ts';
import type { Health } from './telemetry/health.ts';
import type { RouteNumbers } from './telemetry/metrics-text.ts';
import { readTail } from './read-tail.ts';
import { type RouteServices, wireRoute } from './wire.ts';

export interface LineSettings extends Omit<RouteServices, 'onFlow' | 'redelivers' | 'sentBefore'> {
  readonly health: Health;
  /** What an end writes down for its next start, by owner. */
  readonly memo: (owner: string) => Memo;
  /** Aborts what is still being opened. */
  readonly opening: AbortSignal;
  /** Something keeps a connection from working; it is being tried again. */
  readonly onProblem: (error: SluiceError) => void;
  /** The route cannot go on. */
  readonly onLost: (error: SluiceError) => void;
}

type Direction = BusContext['direction'];

/** One route of a running pipeline, from the opening of its ends to their closing. */
export class RouteLine {
  readonly #pipeline: PipelineSpec;
  readonly #spec: RouteSpec;
  readonly #settings: LineSettings;
  #sink: Sink | undefined;
  #source: Source | undefined;
  #route: Route | undefined;
  #pump: Pump | undefined;
  #watchdog: Watchdog | undefined;

  constructor(pipeline: PipelineSpec, spec: RouteSpec, settings: LineSettings) {
    this.#pipeline = pipeline;
    this.#spec = spec;
    this.#settings = settings;
  }

  /** Resolves once both ends are connected and the route runs. Rejects when `opening` aborts. */
  async open(): Promise<void> {
    // Both are announced before either is opened: readiness counts what is still to come.
    const contexts = { source: this.#context('source'), sink: this.#context('sink') };
    const { from, to } = this.#spec;
    const { catalog, health } = this.#settings;
    // The sink first: what a source delivers should find its way.
    this.#sink = await busOf(catalog, to.bus).openSink(this.#options(to), contexts.sink);
    const sentBefore = await this.#readTail(this.#sink);
    this.#source = await busOf(catalog, from.bus).openSource(this.#options(from), contexts.source);
    const onFlow = (isFlowing: boolean): void => health.set(`${this.#spec.name} confirmations`, isFlowing);
    const { redelivers } = busOf(catalog, from.bus).sourceGuarantees(this.#options(from));
    const services = { ...this.#settings, onFlow, redelivers, sentBefore };
    this.#route = wireRoute(this.#spec, this.#source, this.#sink, services);
    this.#pump = new Pump(this.#route);
    this.#watchdog = this.#watch(this.#pump, this.#route);
    this.#watchdog.start();
    this.#pump.run().catch((thrown: unknown) => this.#settings.onLost(asSluiceError(thrown)));
  }

  /** Undefined until the route runs. */
  numbers(): RouteNumbers | undefined {
    if (this.#route === undefined) return undefined;
    return { pipeline: this.#pipeline.name, route: this.#spec.name, ...this.#route.counters };
  }

  async drain(deadlineMs: number): Promise<void> {
    await this.#pump?.stop(deadlineMs);
  }

  async close(): Promise<void> {
    this.#watchdog?.stop();
    await Promise.all([this.#source?.close() ?? Promise.resolve(), this.#sink?.close() ?? Promise.resolve()]);
  }

  /** A source that delivers nothing again needs to know nothing. */
  async #readTail(sink: Sink): Promise<SentBefore | undefined> {
    const { name: route, from } = this.#spec;
    const { log, opening, catalog } = this.#settings;
    const { redelivers, commitsEveryMs } = busOf(catalog, from.bus).sourceGuarantees(this.#options(from));
    if (!redelivers) return undefined;
    const { name: pipeline } = this.#pipeline;
    return readTail(sink, { pipeline, route, window: from.window.messages, commitsEveryMs, log, opening });
  }

  #watch(pump: Pump, { counters, clock }: Route): Watchdog {
    const { log, health } = this.#settings;
    const { name: route, watchdogMs: limitMs } = this.#spec;
    let isStalled = false;
    const onStall = (stall: string | undefined): void => {
      health.set(`${route} progress`, stall === undefined, stall);
      if (stall === undefined) log.info('route-moves', { route });
      else if (!isStalled) log.error('route-stalled', { route, text: stall });
      isStalled = stall !== undefined;
    };
    return new Watchdog({ clock, limitMs, counters, waiting: () => pump.waiting(), onStall });
  }

  #context(direction: Direction): BusContext {
    const { log, health, opening, onProblem } = this.#settings;
    const { connection } = direction === 'source' ? this.#spec.from : this.#spec.to;
    const place = { pipeline: this.#pipeline.name, route: this.#spec.name, connection, direction };
    const onUp = (): void => this.#pump?.wake();
    const report = busReporter({ ...place, log, health, onUp, onProblem });
    const memo = this.#settings.memo(`${this.#spec.name} ${direction}`);
    return { ...place, window: this.#spec.from.window, memo, signal: opening, report };
  }

  #options(end: RouteSpec['from'] | RouteSpec['to']): never {
    const options = { connection: this.#pipeline.connections.get(end.connection)?.options, end: end.options };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the checker judged them against this very driver's schemas
    return options as never;
  }
}
