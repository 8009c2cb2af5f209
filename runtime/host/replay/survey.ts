import type { BusContext, BusEvent, EndOptions } from '#contract/bus.ts';
import type { Catalog } from '#contract/catalog.ts';
import { asSluiceError, SluiceError } from '#contract/errors.ts';
import type { LogPart, LogRange, LogReplay } from '#contract/log-replay.ts';
import { withDeadline } from '#kit/deadline.ts';
import type { PipelineSpec, RouteSpec } from '../../project/pipeline-spec.ts';
import { busOf } from '../catalog-of.ts';
import { asDriverOptions, openingOptions } from '../end-options.ts';

/** Options of the checked spec, as the driver of the route takes them. */
export type AnyLogReplay = LogReplay<EndOptions<object, object>, BusContext, object>;

/** A route of a checked pipeline file, and how its source is read again. */
export interface ReplayedRoute {
  readonly spec: PipelineSpec;
  readonly route: RouteSpec;
  readonly catalog: Catalog;
  readonly replay: AnyLogReplay;
}

const ANSWER_MS = 30_000;
const INSTEAD =
  'replay its dead letters (sluice dlq replay), or keep an archive: a second route into a JetStream stream, a Kafka topic or a RabbitMQ stream, which can be read again';

/** How the source of a route is read again, or why it cannot be, for an operator. */
export async function logReplayOf(catalog: Catalog, { from }: RouteSpec): Promise<AnyLogReplay | string> {
  const replay = await busOf(catalog, from.bus).logReplay?.();
  if (replay === undefined) return `${from.bus} keeps no messages that were delivered; ${INSTEAD}`;
  const why = replay.refusal(asDriverOptions(from.options));
  return why === undefined ? replay : `${why}; ${INSTEAD}`;
}

/** Looks the range up at the server. Rejects with the first problem. */
export function surveyed(replayed: ReplayedRoute, name: string, range: LogRange): Promise<readonly LogPart[]> {
  return asked(replayed, (options, context) => replayed.replay.survey(options, context, name, range));
}

/** Removes the reader at the server. Rejects with the first problem. */
export function forgotten(replayed: ReplayedRoute, name: string): Promise<void> {
  return asked(replayed, (options, context) => replayed.replay.forget(options, context, name));
}

async function asked<T>(
  { spec, route, catalog }: ReplayedRoute,
  ask: (options: never, context: BusContext) => Promise<T>,
): Promise<T> {
  const opening = new AbortController();
  let problem: SluiceError | undefined;
  const context: BusContext = {
    pipeline: spec.name,
    route: route.name,
    connection: route.from.connection,
    direction: 'source',
    window: route.from.window,
    isFenced: false,
    checkpoint: { read: () => undefined, write() {} },
    signal: opening.signal,
    report(event: BusEvent) {
      if (event.kind !== 'problem') return;
      problem ??= event.error;
      opening.abort();
    },
  };
  const options = openingOptions(spec, route.from, busOf(catalog, route.from.bus), context);
  const late = (): SluiceError => new SluiceError('BUS_UNREACHABLE', `${route.from.connection}: no answer in time`);
  try {
    return await withDeadline(ask(options, context), ANSWER_MS, late);
  } catch (thrown) {
    opening.abort();
    throw problem ?? asSluiceError(thrown);
  }
}
