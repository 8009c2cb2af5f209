import { randomBytes } from 'node:crypto';
import type { BusContext } from '#contract/bus.ts';
import type { Catalog } from '#contract/catalog.ts';
import type { SluiceError } from '#contract/errors.ts';
import type { Log } from '#contract/log.ts';
import type { Sink } from '#contract/sink.ts';
import type { Source } from '#contract/source.ts';
import type { WatchStart } from '#contract/watch.ts';
import { asMap } from '#kit/json-value.ts';
import { busOf } from '../host/catalog-of.ts';
import { asDriverOptions, endOptions, openingOptions } from '../host/end-options.ts';
import { judgeDocument, type PipelineSource } from '../project/check/check-pipeline.ts';
import type { Finding } from '../project/check/findings.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';
import { parseYaml } from '../project/read/yaml-document.ts';
import { busReporter } from '../telemetry/bus-reporter.ts';
import { Health } from '../telemetry/health.ts';

/** Options of an end, in the words of a pipeline file. */
type Words = Readonly<Record<string, unknown>>;

const WINDOW = { messages: 1000, bytes: 64 * 1024 * 1024 };
const ROUTE = 'hand';
const OTHER = { bus: 'memory', hub: 'the other side' };

/** Words about labels need the policy that the pipeline file names: the end itself carries a label, and judges none. */
const OF_A_POLICY = new Set(['ceiling', 'floor']);

/** The one end of a pipeline of a single route that is never run: with the defaults of its driver, and checked by it. */
export interface SingleEnd {
  readonly spec: PipelineSpec;
  readonly route: RouteSpec;
}

/** Which end it is, in the words of a pipeline file. */
export type WrittenEnd = { readonly from: Words } | { readonly to: Words };

/** Checks an end over the connection of that name. Otherwise the findings say what is wrong. */
export function singleEnd(
  connection: { readonly name: string; readonly words: unknown },
  end: WrittenEnd,
  source: Omit<PipelineSource, 'text'>,
): { readonly end?: SingleEnd; readonly findings: readonly Finding[] } {
  const { name } = connection;
  const other = `${name}-other`;
  const words = Object.entries(asMap(connection.words)).filter(([word]) => !OF_A_POLICY.has(word));
  const isSource = 'from' in end;
  const document = {
    // Nothing of it is that of a running bridge, or of another command at the same time: neither client ids nor names of queues.
    name: `sluice-${isSource ? 'tail' : 'send'}-${randomBytes(4).toString('hex')}`,
    buses: { [name]: Object.fromEntries(words), [other]: OTHER },
    routes: [
      {
        name: ROUTE,
        from: isSource ? { ...end.from, bus: name } : { bus: other, addresses: ['#'], key: '{address.0}' },
        to: isSource ? { bus: other, address: 'x' } : { ...end.to, bus: name },
      },
    ],
  };
  const { spec, findings } = judgeDocument(parseYaml(JSON.stringify(document)), source, true);
  const route = spec?.routes[0];
  if (spec === undefined || route === undefined) {
    return { findings: findings.filter(({ severity }) => severity === 'error') };
  }
  return { end: { spec, route }, findings: [] };
}

/** What an opened end reports. */
export interface EndReports {
  readonly log: Log;
  /** Something keeps the connection from working; it is being tried again. */
  readonly onProblem: (error: SluiceError) => void;
  /** Aborts the opening. */
  readonly signal: AbortSignal;
}

/** Opens the sink. Nothing is created on the server. */
export function openSink({ spec, route: { to } }: SingleEnd, catalog: Catalog, reports: EndReports): Promise<Sink> {
  const bus = busOf(catalog, to.bus);
  const context = contextOf(spec, to.connection, 'sink', reports);
  return bus.openSink(withoutCreation(openingOptions(spec, to, bus, context)), context);
}

/** Opens a watcher. Throws TypeError for a bus that cannot be watched. */
export async function openWatch(
  { spec, route: { from } }: SingleEnd,
  catalog: Catalog,
  start: WatchStart,
  reports: EndReports,
): Promise<Source> {
  const bus = busOf(catalog, from.bus);
  const watch = await bus.watch?.();
  if (watch === undefined) throw new TypeError(`${from.bus} cannot be watched`);
  const context = contextOf(spec, from.connection, 'source', reports);
  return watch.open(withoutCreation(openingOptions(spec, from, bus, context)), start, context);
}

/** Why the source cannot be watched from there; undefined where it can. */
export async function watchRefusal(
  { spec, route: { from } }: SingleEnd,
  catalog: Catalog,
  start: WatchStart,
): Promise<string | undefined> {
  const watch = await busOf(catalog, from.bus).watch?.();
  if (watch === undefined) return `the bus ${from.bus} is in the process that runs it`;
  const { end }: { readonly end: object } = endOptions(spec, from);
  return watch.refusal(asDriverOptions(end), start);
}

const creatingNothing = (given: object): object => ('create' in given ? { ...given, create: false } : given);

/** The present contents of a bus may be looked at, and written to, by a person who does not want it to have more streams and queues. */
function withoutCreation(options: {
  readonly connection: object;
  readonly end: object;
  readonly reread?: () => object;
}): never {
  const { connection, reread } = options;
  return asDriverOptions({
    ...options,
    connection: creatingNothing(connection),
    ...(reread !== undefined && { reread: () => creatingNothing(reread()) }),
  });
}

function contextOf(
  { name }: PipelineSpec,
  connection: string,
  direction: 'source' | 'sink',
  { log, onProblem, signal }: EndReports,
): BusContext {
  const place = { pipeline: name, route: ROUTE, connection, direction };
  let position: string | undefined;
  return {
    ...place,
    window: WINDOW,
    isFenced: false,
    signal,
    report: busReporter({ ...place, log, health: new Health(), onUp: () => {}, onProblem }),
    checkpoint: {
      read: () => position,
      write(text) {
        position = text;
      },
    },
  };
}
