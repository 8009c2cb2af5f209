import type { Bus, BusContext, EndOptions, Guarantees } from '#contract/bus.ts';
import type { Catalog } from '#contract/catalog.ts';
import type { Frame } from '#contract/frame.ts';
import type { Reach } from '#contract/reach.ts';
import type { Source } from '#contract/source.ts';
import { meets } from '#kit/address-pattern.ts';
import { busOf } from '../host/catalog-of.ts';
import { endOptions } from '../host/end-options.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';
import type { Activity } from './activity.ts';
import { type SinkFlaw, StandIn } from './stand-in.ts';
import { openStandInSink } from './stand-in-sink.ts';
import type { Life, Probe } from './steps.ts';
import { type HeldFrame, type SourceFlaw, Subscription } from './subscription.ts';
import type { StandInTime } from './virtual-time.ts';

/** Where a route reads. */
export interface Inlet {
  readonly route: RouteSpec;
  readonly bus: Bus;
  readonly reaches: readonly Reach[];
  readonly guarantees: Guarantees;
  readonly subscription: Subscription;
}

export interface StandInsSettings {
  readonly spec: PipelineSpec;
  readonly catalog: Catalog;
  readonly time: StandInTime;
  readonly startMs: number;
  readonly activity: Activity;
  readonly keepsPublished: boolean;
  /** What is wrong on purpose, to test the checker of promises. */
  readonly flaws?: { readonly source?: SourceFlaw | undefined; readonly sink?: SinkFlaw | undefined };
}

/** Memory in the place of each bus of a file. It outlives the processes that use it. */
export class StandIns {
  readonly inlets: readonly Inlet[];
  readonly #settings: StandInsSettings;
  readonly #standIns = new Map<string, StandIn>();
  #stored = 0;

  constructor(settings: StandInsSettings) {
    this.#settings = settings;
    this.inlets = settings.spec.routes.map((route) => this.#inletOf(route));
  }

  /** The stand-in of a connection that a route sends to. */
  standIn(connection: string): StandIn {
    const { time, startMs, activity, flaws } = this.#settings;
    let found = this.#standIns.get(connection);
    if (found === undefined) {
      const onStored = (frame: Frame): void => this.#carry(connection, frame);
      const flaw = flaws?.sink;
      const ordered = (): number => (this.#stored += 1);
      found = new StandIn({ connection, time, startMs, activity, ordered, onStored, flaw });
      this.#standIns.set(connection, found);
    }
    return found;
  }

  get all(): Iterable<StandIn> {
    return this.#standIns.values();
  }

  /** The catalog of one life of the process: the same promises, and a stand-in wherever a bus is opened. */
  catalog(life: Life, probe: Probe): Catalog {
    const { catalog } = this.#settings;
    const buses = [...catalog.buses.values()].map((bus): Bus => ({
      ...bus,
      openSource: (_, context) => Promise.resolve(this.#source(context, life, probe)),
      openSink: (options: EndOptions<object, object>, context) => {
        const guarantees = bus.sinkGuarantees(options);
        return Promise.resolve(
          openStandInSink(this.standIn(context.connection), { bus, guarantees, context, life, probe }),
        );
      },
    }));
    return { ...catalog, buses: new Map(buses.map((bus) => [bus.name, bus])) };
  }

  /** The process has ended: what it had not settled comes again. */
  ended(): void {
    for (const { subscription } of this.inlets) subscription.closed();
  }

  #source(context: BusContext, life: Life, probe: Probe): Source {
    const { route, connection } = context;
    const inlet = this.inlets.find((one) => one.route.name === route);
    if (inlet === undefined) throw new Error(`no route ${route}`);
    const { subscription } = inlet;
    subscription.opened();
    context.report({ kind: 'connected', detail: `stand-in of ${connection}` });
    return {
      read: (demand, signal) => subscription.read(demand, signal, life, probe),
      close() {
        if (!life.isOver) subscription.closed();
        return Promise.resolve();
      },
    };
  }

  #inletOf(route: RouteSpec): Inlet {
    const { spec, catalog, time, activity, flaws } = this.#settings;
    const bus = busOf(catalog, route.from.bus);
    const options = endOptions(spec, route.from);
    const guarantees = bus.sourceGuarantees(options);
    const subscription = new Subscription({
      route: route.name,
      connection: route.from.connection,
      redelivers: guarantees.redelivers,
      // A bus that commits positions does not count deliveries.
      tellsAttempts: guarantees.commitsEveryMs === undefined,
      namedByPublisher: guarantees.namedByPublisher === true,
      expiresUnread: guarantees.expiresUnread === true,
      keepsPublished: this.#settings.keepsPublished,
      nowMs: () => time.nowMs,
      activity,
      flaw: flaws?.source,
    });
    const reaches = bus.reads(options, { pipeline: spec.name, route: route.name });
    return { route, bus, reaches, guarantees, subscription };
  }

  /** What one route sends over a connection, another route of the file may read over it. */
  #carry(connection: string, frame: Frame): void {
    for (const inlet of this.inlets) {
      if (inlet.route.from.connection === connection && reads(inlet, frame.address)) this.offer(inlet, frame);
    }
  }

  /** As the bus hands it to the route: with the time that it stamps. */
  offer({ guarantees: { stamps, carriesKey }, subscription }: Inlet, frame: Frame): HeldFrame | undefined {
    const { time } = this.#settings;
    const key = carriesKey ? frame.key : undefined;
    return subscription.offer({ ...frame, key, ...stampOf(stamps, frame, time.nowMs) });
  }
}

function stampOf(
  stamps: 'publisher' | 'optional' | 'server' | 'none',
  { timestampMs }: Frame,
  nowMs: number,
): Pick<Frame, 'timestampMs' | 'stampedBy'> {
  if (stamps === 'server') return { timestampMs: nowMs, stampedBy: 'server' };
  if (stamps === 'none') return { timestampMs: undefined };
  return { timestampMs: timestampMs ?? (stamps === 'publisher' ? nowMs : undefined) };
}

/** Most addresses whose readers are remembered. */
const MAX_ADDRESSES = 4096;
const known = new WeakMap<Subscription, Map<string, boolean>>();

/** Whether a message at this address comes to the route, as far as the options of its source tell. */
export function reads({ bus, reaches, subscription }: Inlet, address: string): boolean {
  const ofInlet = known.get(subscription) ?? new Map<string, boolean>();
  known.set(subscription, ofInlet);
  const found = ofInlet.get(address);
  if (found !== undefined) return found;
  const pattern = address.split(bus.grammar.separator);
  const isRead = reaches.some(({ filter, addresses, isGuess }) => {
    return isGuess === true || meets(addresses ?? filter, pattern, bus.grammar.hidden);
  });
  if (ofInlet.size >= MAX_ADDRESSES) ofInlet.clear();
  ofInlet.set(address, isRead);
  return isRead;
}
