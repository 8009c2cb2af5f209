import type { BusContext } from '#contract/bus.ts';
import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import type { Checkpoint } from '#contract/checkpoint.ts';
import type { Sink } from '#contract/sink.ts';
import type { Source } from '#contract/source.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import { busReporter } from './bus-reporter.ts';
import { busOf } from './catalog-of.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';
import { endOptions, openingOptions } from './end-options.ts';
import { IDLE_SOURCE, mergedSource } from '../engine/merged-source.ts';
import { Pump } from '../engine/pump.ts';
import type { Route } from '../engine/route.ts';
import { waitingInWords, StallDetector } from '../engine/stall-detector.ts';
import { type DeadLetterRoute, openDeadLetterRoute } from './dead-letter-route.ts';
import type { DeadLetterStore } from '../store/dead-letters/dead-letter-store.ts';
import type { PipelineState } from '../store/pipeline-state.ts';
import type { Stamps } from '../store/stamps.ts';
import { openRouteSpool, type RouteSpool } from './route-spool.ts';
import type { Health } from '../telemetry/health.ts';
import type { Disconnects, Losses, RouteNumbers } from '../telemetry/metrics-text.ts';
import { openRouteSink } from './route-sink.ts';
import { type RouteServices, wireRoute } from './wire.ts';

export interface LineSettings extends Omit<
  RouteServices,
  'onFlow' | 'onDeadLetters' | 'onUnconfirmed' | 'redelivers' | 'recoveredIds'
> {
  readonly deadLetters: DeadLetterStore;
  /** Sends nothing but letters through again: its source is not opened. */
  readonly isReplayOnly: boolean;
  readonly health: Health;
  /** What an end writes down for its next start, by owner. */
  readonly checkpoint: (owner: string) => Checkpoint;
  /** Folder of what must outlive the process. */
  readonly stateFolder: string;
  /** The files that were there at an earlier start. */
  readonly stamps: Pick<Stamps, 'has' | 'add'>;
  /** Demand that is kept on the disk for a spool. */
  readonly share: PipelineState['share'];
  /** Aborts what is still being opened. */
  readonly opening: AbortSignal;
  /** Something keeps a connection from working; it is being tried again. */
  readonly onProblem: (error: SluiceError) => void;
  /** The route cannot go on. */
  readonly onLost: (error: SluiceError) => void;
}

type Direction = BusContext['direction'];

const WHY_GONE = {
  oldest: 'the store is full and the route says full: oldest',
  age: 'they were kept as long as the route says',
  operator: 'an operator discarded them',
} as const;

const COMES_AGAIN =
  'they go back to the source and come again at the next start; what the sink had taken meanwhile may be there twice';
const IS_LOST = 'this source does not deliver them again: they are lost';

function inWords({ message, remedy }: SluiceError): string {
  return `${message}. ${remedy}`;
}

/** One route of a running pipeline, from the opening of its ends to their closing. */
export class RouteRunner {
  readonly #pipeline: PipelineSpec;
  readonly #spec: RouteSpec;
  readonly #settings: LineSettings;
  #sink: Sink | undefined;
  #source: Source | undefined;
  #letters: DeadLetterRoute | undefined;
  #spool: RouteSpool | undefined;
  #route: Route | undefined;
  #pump: Pump | undefined;
  #stallDetector: StallDetector | undefined;
  /** What was not settled at the end comes again. */
  #redelivers = true;
  readonly #disconnects: Disconnects = {
    source: { lost: 0, renewed: 0 },
    sink: { lost: 0, renewed: 0 },
    'dead-letters': { lost: 0, renewed: 0 },
  };
  readonly #notices: Record<Direction, Map<string, number>> = {
    source: new Map(),
    sink: new Map(),
    'dead-letters': new Map(),
  };
  readonly #losses = new Map<string, Losses>();

  constructor(pipeline: PipelineSpec, spec: RouteSpec, settings: LineSettings) {
    this.#pipeline = pipeline;
    this.#spec = spec;
    this.#settings = settings;
  }

  /** Resolves once both ends are connected and the route runs. Rejects when `opening` aborts. */
  async open(): Promise<void> {
    // Both are announced before either is opened: readiness counts what is still to come.
    const { from, deadLetter } = this.#spec;
    const { catalog, health, deadLetters, isReplayOnly } = this.#settings;
    const contexts = {
      source: isReplayOnly ? undefined : this.#context('source'),
      sink: this.#context('sink'),
      letters: deadLetter.to === undefined ? undefined : this.#context('dead-letters'),
    };
    this.#bound();
    if (deadLetter.to !== undefined && contexts.letters !== undefined) {
      const settings = { ...this.#settings, local: deadLetters };
      this.#letters = await openDeadLetterRoute(this.#pipeline, this.#spec, deadLetter.to, contexts.letters, settings);
    }
    this.#spool = isReplayOnly ? undefined : openRouteSpool(this.#spec, this.#settings);
    // The sink first: what a source delivers should find its way.
    // A spool delivers again what was not settled, whatever stands before it.
    const bus = busOf(catalog, from.bus);
    const gives = bus.sourceGuarantees(endOptions(this.#pipeline, from));
    const redelivers = this.#spool !== undefined || gives.redelivers;
    this.#redelivers = redelivers;
    const opened = await openRouteSink(this.#pipeline, this.#spec, contexts.sink, {
      ...this.#settings,
      tailFor: redelivers ? { commitsEveryMs: gives.commitsEveryMs } : undefined,
      onAlreadyStored: () => {
        if (this.#route !== undefined) this.#route.counters.alreadyStored += 1;
      },
    });
    this.#sink = opened.sink;
    if (contexts.source !== undefined) {
      const options = openingOptions(this.#pipeline, from, bus, contexts.source);
      this.#source = await bus.openSource(options, contexts.source);
    }
    const onFlow = (isFlowing: boolean, why?: string): void => {
      opened.onFlow(isFlowing);
      health.set(`${this.#spec.name} confirmations`, isFlowing, `the sink does not confirm: ${why}`);
    };
    const onDeadLetters = (trouble: SluiceError | undefined): void => {
      health.set(`${this.#spec.name} dead letters`, trouble === undefined, trouble && inWords(trouble));
    };
    const letters = this.#letters?.letters ?? deadLetters;
    const { recoveredIds } = opened;
    const onUnconfirmed = (ids: Iterable<string>): void => opened.onUnconfirmed(ids);
    const services = {
      ...this.#settings,
      deadLetters: letters,
      onFlow,
      onDeadLetters,
      onUnconfirmed,
      redelivers,
      recoveredIds,
    };
    const wired = wireRoute(this.#spec, this.#source ?? IDLE_SOURCE, this.#sink, services);
    const spooled = this.#spool === undefined ? wired : this.#spool.standBefore(wired);
    // Letters go past the spool: they lie on the disk already.
    this.#route = { ...spooled, source: mergedSource(spooled.source, deadLetters.replay(this.#spec.name)) };
    this.#pump = new Pump(this.#route);
    this.#stallDetector = this.#watch(this.#pump, this.#route);
    this.#stallDetector.start();
    this.#pump.run().catch((thrown: unknown) => this.#settings.onLost(asSluiceError(thrown)));
  }

  /** Undefined until the route runs. */
  numbers(): RouteNumbers | undefined {
    if (this.#route === undefined) return undefined;
    const { counters } = this.#route;
    const place = { pipeline: this.#pipeline.name, route: this.#spec.name };
    const deadLetters = this.#settings.deadLetters.standing(this.#spec.name);
    return {
      ...place,
      disconnects: this.#disconnects,
      notices: this.#notices,
      losses: this.#losses,
      ...(this.#spool === undefined ? counters : this.#spool.counted(counters)),
      deadLetters,
    };
  }

  async drain(deadlineMs: number): Promise<void> {
    const left = await this.#pump?.stop(deadlineMs);
    const waited = left === undefined ? '' : waitingInWords(left);
    if (waited === '') return;
    const end = this.#redelivers ? COMES_AGAIN : IS_LOST;
    const text = `after ${deadlineMs} ms messages still waited for ${waited}: ${end}. --shutdown-timeout gives them longer`;
    this.#settings.log.warn('stopped-early', { route: this.#spec.name, text });
  }

  async close(): Promise<void> {
    this.#stallDetector?.stop();
    // Before the source: what it commits now is settled there.
    await this.#spool?.close();
    const stages = this.#route?.stages.map((stage) => stage.close?.() ?? Promise.resolve()) ?? [];
    const ends = [this.#source, this.#sink, this.#letters].map((end) => end?.close() ?? Promise.resolve());
    await Promise.all([...ends, ...stages]);
  }

  #bound(): void {
    const { deadLetters, log } = this.#settings;
    const { name: route, deadLetter } = this.#spec;
    deadLetters.bound(route, deadLetter.bounds, ({ reason, letters }) =>
      log.warn('dead-letters-discarded', { route, reason, letters, text: WHY_GONE[reason] }),
    );
  }

  #watch(pump: Pump, { counters, clock }: Route): StallDetector {
    const { log, health } = this.#settings;
    const { name: route, watchdogMs: limitMs } = this.#spec;
    let isStalled = false;
    const onStall = (stall: string | undefined): void => {
      health.set(`${route} progress`, stall === undefined, stall);
      if (stall === undefined) log.info('route-moves', { route });
      else if (!isStalled) log.error('route-stalled', { route, text: stall });
      isStalled = stall !== undefined;
    };
    return new StallDetector({ clock, limitMs, counters, waiting: () => pump.waiting(), onStall });
  }

  #context(direction: Direction): BusContext {
    const { log, health, opening, onProblem } = this.#settings;
    const { from, to, deadLetter } = this.#spec;
    const { connection } = direction === 'source' ? from : direction === 'sink' ? to : (deadLetter.to ?? to);
    const place = { pipeline: this.#pipeline.name, route: this.#spec.name, connection, direction };
    const onUp = (): void => {
      if (direction === 'dead-letters') this.#letters?.wake();
      else this.#pump?.wake();
    };
    const onDown = (renewed: boolean): void => {
      this.#disconnects[direction][renewed ? 'renewed' : 'lost'] += 1;
    };
    const notices = this.#notices[direction];
    const onNotice = (code: string): void => void notices.set(code, (notices.get(code) ?? 0) + 1);
    const onLoss = (code: string, count: number | undefined): void => {
      const { known, unknown, messages } = this.#losses.get(code) ?? { known: 0, unknown: 0, messages: 0 };
      const isKnown = count !== undefined;
      this.#losses.set(code, {
        known: known + Number(isKnown),
        unknown: unknown + Number(!isKnown),
        messages: messages + (count ?? 0),
      });
    };
    const report = busReporter({ ...place, log, health, onUp, onDown, onProblem, onNotice, onLoss });
    const checkpoint = this.#settings.checkpoint(`${this.#spec.name} ${direction}`);
    const isFenced = direction === 'sink' && CLASSES[this.#spec.class].oneAtATime;
    const spelling = direction === 'sink' ? { unspellable: to.headers.unspellable } : {};
    return { ...place, ...spelling, window: this.#spec.from.window, isFenced, checkpoint, signal: opening, report };
  }
}
