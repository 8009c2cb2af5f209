import type { Frame } from '#contract/frame.ts';
import type { Log } from '#contract/log.ts';
import type {
  PipelineOptions,
  Received,
  RehearsedLetter,
  RehearsedPipeline,
  RehearsedSink,
  RehearsedSource,
  SendOptions,
} from '#contract/rehearsed.ts';
import { didYouMean } from '#kit/nearest.ts';
import { durationOf } from './duration.ts';
import { bodiesOf, readBody, type RouteBodies } from './codecs-of-route.ts';
import { frameOf, type Published, publishTo } from './publish.ts';
import { RehearsalError } from './rehearsal-error.ts';
import { Rehearsal, type RehearsalSettings } from './rehearsal.ts';
import type { StoredFrame } from './stand-in-log.ts';

/** What a test sees of a rehearsal. */
export class PipelineInMemory implements RehearsedPipeline {
  readonly file: string;
  readonly rehearsal: Rehearsal;
  readonly #bodies: ReadonlyMap<string, RouteBodies>;

  private constructor(file: string, rehearsal: Rehearsal, bodies: ReadonlyMap<string, RouteBodies>) {
    this.file = file;
    this.rehearsal = rehearsal;
    this.#bodies = bodies;
  }

  static async open(file: string, settings: RehearsalSettings): Promise<PipelineInMemory> {
    const { spec, catalog, parts } = settings;
    const rehearsal = new Rehearsal(settings);
    const bodies = new Map(spec.routes.map((route) => [route.name, bodiesOf(route, catalog, parts)]));
    try {
      await rehearsal.start();
    } catch (thrown) {
      await rehearsal.close();
      throw thrown;
    }
    return new PipelineInMemory(file, rehearsal, bodies);
  }

  get name(): string {
    return this.rehearsal.spec.name;
  }

  source(connection: string): RehearsedSource {
    const { rehearsal } = this;
    const { activity } = rehearsal;
    const inlets = rehearsal.standIns.inlets.filter(({ route }) => route.from.connection === connection);
    if (inlets.length === 0) {
      const names = rehearsal.spec.routes.map(({ from }) => from.connection);
      throw new RehearsalError(unknownName('a connection that a route reads', names, connection));
    }
    const all = async (act: (inlet: (typeof inlets)[number]) => void): Promise<void> => {
      for (const inlet of inlets) act(inlet);
      await activity.quiet();
    };
    return {
      send: async (body: unknown, options: SendOptions = {}) => {
        this.publish(connection, body, options);
        await activity.quiet();
      },
      cut: () => all(({ subscription }) => subscription.cut()),
      restore: () => all(({ subscription }) => subscription.restore()),
      get unsettled() {
        return inlets.reduce((sum, { subscription }) => sum + subscription.unsettled, 0);
      },
    };
  }

  /** As a publisher sends it, without waiting for what becomes of it. */
  publish(connection: string, body: unknown, options: SendOptions): readonly Published[] {
    const { standIns, time } = this.rehearsal;
    const inlets = standIns.inlets.filter(({ route }) => route.from.connection === connection);
    const { nowMs } = time;
    const { route, address: at } = options;
    return publishTo(standIns, { connection, inlets, route, address: at }, (inlet, address) => {
      const codec = this.#of(inlet.route.name).source(options.contentType);
      return frameOf(body, { address, options, nowMs, codec });
    });
  }

  sink(connection: string): RehearsedSink {
    const { spec, activity, standIns } = this.rehearsal;
    const names = spec.routes.flatMap(({ sinks, deadLetter: { to } }) => [...sinks, ...(to === undefined ? [] : [to])]);
    if (!names.some((to) => to.connection === connection)) {
      const known = names.map((to) => to.connection);
      throw new RehearsalError(unknownName('a connection that a route sends to', known, connection));
    }
    const standIn = standIns.standIn(connection);
    const done = async (act: () => void): Promise<void> => {
      act();
      await activity.quiet();
    };
    return {
      down: () => done(() => standIn.down()),
      up: () => done(() => standIn.up()),
      slow: (delay) => done(() => standIn.slow(durationOf(delay))),
      refuse: (why) =>
        done(() =>
          standIn.reject(
            why &&
              ((frame) =>
                why(
                  this.receivedOf({
                    frame,
                    route: '',
                    isLetter: false,
                    sink: connection,
                    atMs: this.rehearsal.time.passedMs,
                    order: 0,
                  }),
                )),
          ),
        ),
      received: () => standIn.log.stored.map((one) => this.receivedOf(one)),
    };
  }

  received(): readonly Received[] {
    return [...this.rehearsal.standIns.all]
      .flatMap(({ log }) => log.stored)
      .toSorted((one, other) => one.order - other.order)
      .map((one) => this.receivedOf(one));
  }

  deadLetters(): readonly RehearsedLetter[] {
    return this.rehearsal.letters().map(({ frame, route, code, text, stage, attempts, key, label, id }) => ({
      route,
      code,
      reason: text,
      stage,
      attempts,
      body: readBody(this.#of(route).source(frame.contentType), frame.body),
      address: frame.address,
      key,
      label,
      id,
    }));
  }

  now(): Date {
    return new Date(this.rehearsal.time.nowMs);
  }

  async advance(duration: string): Promise<void> {
    await this.rehearsal.time.advance(durationOf(duration));
  }

  async settled(within = '10m'): Promise<void> {
    await this.rehearsal.settled(durationOf(within));
  }

  async crash(): Promise<void> {
    await this.rehearsal.crash();
  }

  async restart(): Promise<void> {
    await this.rehearsal.start();
  }

  async close(): Promise<void> {
    await this.rehearsal.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #of(route: string): RouteBodies {
    const found = this.#bodies.get(route);
    if (found === undefined) throw new RehearsalError(unknownName('a route', [...this.#bodies.keys()], route));
    return found;
  }

  receivedOf({ frame, route, sink, atMs }: StoredFrame): Received {
    const { address, key, headers, id, contentType } = frame;
    return {
      sink,
      route,
      body: readBody(this.#codecOf(route, sink, frame), frame.body),
      address,
      key,
      headers: Object.fromEntries(
        [...headers].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]),
      ),
      label: headers.get('seclabel')?.[0],
      id,
      contentType,
      afterMs: atMs,
    };
  }

  /** `route`: the sink as its route names it, `orders.2` for the second of a list. */
  #codecOf(route: string, connection: string, { contentType }: Frame): ReturnType<RouteBodies['source']> {
    const [name = '', place = '1'] = route.split('.');
    const bodies = this.#bodies.get(name) ?? this.#bodies.values().next().value;
    if (bodies === undefined) throw new RehearsalError(`expected a route that sends to ${connection}, found none`);
    return (bodies.sinks[Number(place) - 1] ?? bodies.source)(contentType);
  }
}

export function unknownName(what: string, names: readonly string[], found: string): string {
  const known = [...new Set(names)];
  return `expected ${what} (${known.join(', ')}), found ${found}${didYouMean(found, known)}`;
}

/** The log of a bridge for a function that takes each line. */
export function logTo(line: NonNullable<PipelineOptions['log']>): Log {
  const at =
    (level: string) =>
    (event: string, fields: object = {}) =>
      line({ level, event, fields });
  return { info: at('info'), warn: at('warn'), error: at('error') };
}

export function startOf(at: PipelineOptions['at']): number | undefined {
  if (at === undefined) return undefined;
  const ms = new Date(at).getTime();
  if (Number.isNaN(ms))
    throw new RehearsalError('expected a Date or a time such as 2026-01-01T00:00:00Z, found another text');
  return ms;
}

export type { Published } from './publish.ts';
