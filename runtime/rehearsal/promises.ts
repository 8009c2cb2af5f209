import { CLASSES } from '#contract/traffic-class.ts';
import { busOf } from '../host/catalog-of.ts';
import { endOptions } from '../host/end-options.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';
import type { PipelineInMemory } from './pipeline.ts';
import type { HeldFrame } from './subscription.ts';

/** A message that a sink has. */
export interface Arrival {
  readonly id: string;
  /** The published message that it was made of; undefined where its id does not tell. */
  readonly origin: HeldFrame | undefined;
  /** Messages of one lane keep their order. */
  readonly lane: string;
  readonly isMarked: boolean;
}

/** What one run of a scenario left, by route. */
export interface RouteRun {
  readonly published: number;
  readonly redelivers: boolean;
  /** By sink of the route: its connection, and whether it removes duplicates or reads back what it has. */
  readonly sinks: readonly {
    readonly name: string;
    readonly removes: boolean;
    readonly arrivals: readonly Arrival[];
  }[];
  /** Codes by id. */
  readonly letters: ReadonlyMap<string, string>;
  readonly expiredSent: readonly string[];
}

export type Run = ReadonlyMap<string, RouteRun>;

/** Reads what is left of a run that has settled. */
export function runOf({ rehearsal }: PipelineInMemory): Run {
  const { spec, standIns } = rehearsal;
  const letters = rehearsal.letters();
  return new Map(
    standIns.inlets.map(({ route, subscription, bus }) => {
      const { redelivers } = bus.sourceGuarantees(endOptions(spec, route.from));
      const originOf = originsIn(`${spec.name}/${route.name}/`, subscription.published);
      const sinks = route.sinks.map((to, at) => {
        const { deduplicates, recoversIds } = busOf(rehearsal.catalog, to.bus).sinkGuarantees(endOptions(spec, to));
        const own = at === 0 ? route.name : `${route.name}.${at + 1}`;
        const stored = standIns.standIn(to.connection).log.stored.filter((one) => one.route === own && !one.isLetter);
        const arrivals = stored.map(({ frame }): Arrival => {
          const origin = originOf(frame.id ?? '');
          const place = origin?.frame.address ?? frame.address;
          return {
            id: frame.id ?? '',
            origin,
            lane: JSON.stringify([place, frame.key]),
            isMarked: frame.headers.has('replayed'),
          };
        });
        return { name: to.connection, removes: deduplicates || recoversIds, arrivals };
      });
      const run: RouteRun = {
        published: subscription.published.size,
        redelivers,
        sinks,
        letters: new Map(letters.filter((one) => one.route === route.name).map(({ id, code }) => [id, code])),
        expiredSent: route.sinks.flatMap(({ connection }) =>
          standIns
            .standIn(connection)
            .log.expired.filter((one) => one.route.split('.')[0] === route.name)
            .map(({ frame }) => frame.id ?? ''),
        ),
      };
      return [route.name, run];
    }),
  );
}

/** Ids are made of pipeline, route and the delivery's id; of what a stage split, and of a further sink, with an ending. */
function originsIn(prefix: string, published: ReadonlyMap<string, HeldFrame>): (id: string) => HeldFrame | undefined {
  return (id) => {
    if (!id.startsWith(prefix)) return undefined;
    let name = id.slice(prefix.length);
    for (;;) {
      const found = published.get(name);
      if (found !== undefined) return found;
      const shorter = name.replace(/(~to\d+|\.\d+)$/, '');
      if (shorter === name) return undefined;
      name = shorter;
    }
  };
}

/** The first promise that does not hold, in words; undefined where all do. `whole`: the same scenario without a crash. */
export function brokenPromise(spec: PipelineSpec, whole: Run, run: Run): string | undefined {
  for (const route of spec.routes) {
    const [wanted, found] = [whole.get(route.name), run.get(route.name)];
    if (wanted === undefined || found === undefined) continue;
    const broken = brokenOn(route, wanted, found);
    if (broken !== undefined) return `route ${route.name}, class ${route.class}: ${broken}`;
  }
  return undefined;
}

function brokenOn(route: RouteSpec, whole: RouteRun, run: RouteRun): string | undefined {
  const [late] = run.expiredSent;
  if (late !== undefined)
    return `promised that what has expired is never sent, found message ${late} sent after its expiry`;
  for (const [at, sink] of run.sinks.entries()) {
    const before = whole.sinks[at]?.arrivals ?? [];
    const broken =
      lostAt(route, sink.name, { whole, run, before, arrivals: sink.arrivals }) ??
      disordered(route, sink.name, sink.arrivals) ??
      repeated(route, sink, before);
    if (broken !== undefined) return broken;
  }
  return letterBroken(whole, run);
}

interface Compared {
  readonly whole: RouteRun;
  readonly run: RouteRun;
  readonly before: readonly Arrival[];
  readonly arrivals: readonly Arrival[];
}

function lostAt(route: RouteSpec, sink: string, { whole, run, before, arrivals }: Compared): string | undefined {
  // A source that does not redeliver loses what is under way: at most once is all that it promises.
  if (!run.redelivers) return undefined;
  const arrived = new Set(arrivals.map(({ id }) => id));
  const isNewest = CLASSES[route.class].keeps === 'newest';
  const wanted = isNewest ? newestOf(before) : before;
  const newest = new Map(newestOf(arrivals).map((one) => [one.lane, one]));
  for (const one of wanted) {
    if (arrived.has(one.id) || run.letters.get(one.id) === 'EXPIRED') continue;
    const last = newest.get(one.lane);
    if (isNewest && last !== undefined && placeOf(last) > placeOf(one)) continue;
    const promise = isNewest ? 'the newest message of each key arrives' : 'no message is lost';
    return `promised that ${promise}, found that message ${one.id} never came to sink ${sink}`;
  }
  if (isNewest) return undefined;
  const known = new Set(before.map(({ id }) => id));
  const extra = arrivals.find(({ id }) => !known.has(id) && whole.letters.get(id) !== 'EXPIRED');
  return (
    extra &&
    `promised the same messages as without a crash, found ${extra.id} at sink ${sink}, which had ended otherwise`
  );
}

function newestOf(arrivals: readonly Arrival[]): readonly Arrival[] {
  return [...new Map(arrivals.map((one) => [one.lane, one])).values()];
}

/** In the order of publication. */
function placeOf({ origin }: Arrival): number {
  return origin?.sequence ?? Number.NaN;
}

/** Among what a stage made of one message. */
function partOf({ id }: Arrival): number {
  return Number(/\.(\d+)(?:~to\d+)?$/.exec(id)?.[1] ?? 0);
}

/**
 * Of classes that send one message of a key at a time not even a repetition comes behind a newer one. What a stage made of one message is
 * one message: all of it may come again.
 */
function disordered(
  { class: trafficClass }: RouteSpec,
  sink: string,
  arrivals: readonly Arrival[],
): string | undefined {
  const { oneAtATime } = CLASSES[trafficClass];
  const last = new Map<string, Arrival>();
  const seen = new Set<string>();
  for (const one of arrivals) {
    const isFirst = !seen.has(one.id);
    seen.add(one.id);
    if (!isFirst && !oneAtATime) continue;
    const before = last.get(one.lane);
    last.set(one.lane, one);
    if (before === undefined) continue;
    const isSwapped = isFirst && placeOf(before) === placeOf(one) && partOf(before) > partOf(one);
    if (!(placeOf(before) > placeOf(one)) && !isSwapped) continue;
    const promise = oneAtATime
      ? 'no older message of a key comes after a newer one'
      : 'the messages of a key come in their order';
    return `promised that ${promise}, found message ${one.id} at sink ${sink} behind ${before.id}`;
  }
  return undefined;
}

function repeated(route: RouteSpec, sink: RouteRun['sinks'][number], before: readonly Arrival[]): string | undefined {
  const { oneAtATime, marksRepeats } = CLASSES[route.class];
  const already = before.length - new Set(before.map(({ id }) => id)).size;
  const seen = new Set<string>();
  const again: Arrival[] = [];
  for (const one of sink.arrivals) {
    if (seen.has(one.id)) again.push(one);
    seen.add(one.id);
  }
  const [first] = again;
  if (first === undefined || again.length <= already) return undefined;
  const more = again.length - already;
  const found = `found ${more} repeated at sink ${sink.name}, such as ${first.id}`;
  if (sink.removes)
    return `promised that a restart leaves no repetition at a sink that removes or reads back ids, ${found}`;
  const unmarked = again.find(({ isMarked }) => !isMarked);
  if (marksRepeats && unmarked !== undefined) {
    return `promised that a repetition has the header replayed, found message ${unmarked.id} at sink ${sink.name} without it`;
  }
  if (!oneAtATime) {
    const window = route.from.window.messages;
    return more > window ? `promised at most a window of repetitions (${window}), ${found}` : undefined;
  }
  const lanes = [...new Map(again.map((one) => [`${one.lane} ${placeOf(one)}`, one.lane])).values()];
  const twice = lanes.find((lane, at) => lanes.indexOf(lane) !== at);
  return twice === undefined || already > 0
    ? undefined
    : `promised at most the last message of each key again, ${found}`;
}

/** A crash makes no dead letter. */
function letterBroken(whole: RouteRun, run: RouteRun): string | undefined {
  for (const [id, code] of run.letters) {
    if (!whole.letters.has(id) && code !== 'EXPIRED') {
      return `promised the same dead letters as without a crash, found one more: message ${id}, ${code}`;
    }
  }
  if (!run.redelivers) return undefined;
  for (const [id, code] of whole.letters) {
    if (run.letters.has(id) || code === 'EXPIRED') continue;
    if (run.sinks.some(({ arrivals }) => arrivals.some((one) => one.id === id))) continue;
    return `promised that no message is lost, found that the dead letter of message ${id} (${code}) is gone`;
  }
  return undefined;
}
