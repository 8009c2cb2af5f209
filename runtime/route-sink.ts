import type { BusContext } from '#contract/bus.ts';
import type { Log } from '#contract/log.ts';
import type { Sink } from '#contract/sink.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import { busOf, type Catalog } from './catalog-of.ts';
import type { PipelineSpec, RouteSpec } from './config/pipeline-spec.ts';
import { endOptions } from './end-options.ts';
import type { Clock } from './engine/clock.ts';
import { KnownSink } from './engine/known-sink.ts';
import { YieldingSink } from './engine/yielding-sink.ts';

/** So far back in the sink's log the frames of a route are looked for, in messages: others may write between. */
const LOOK_BACK = { leastMessages: 16_384, windows: 16, mostMessages: 131_072 } as const;

/** The sink of a route, with all that stands between it and the engine. */
export interface RouteSink {
  readonly sink: Sink;
  /** To be told when it ceases to confirm, and when it confirms again. */
  onFlow(isFlowing: boolean): void;
}

export interface RouteSinkServices {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly log: Log;
  /** A frame was found in the sink's log and is not written again. */
  readonly onKnown: () => void;
}

/** Resolves once it is connected, and the end of its log is read where it is one. */
export async function openRouteSink(
  pipeline: PipelineSpec,
  spec: RouteSpec,
  context: BusContext,
  { catalog, clock, log, onKnown }: RouteSinkServices,
): Promise<RouteSink> {
  const opened = await busOf(catalog, spec.to.bus).openSink(endOptions(pipeline, spec.to), context);
  if (opened.tail === undefined) return { sink: yielding(pipeline, spec, opened, clock), onFlow() {} };
  const { leastMessages, windows, mostMessages } = LOOK_BACK;
  const known = new KnownSink(opened, opened.tail, {
    route: spec.name,
    prefix: `${pipeline.name}/${spec.name}/`,
    lookBack: Math.min(mostMessages, Math.max(leastMessages, windows * spec.from.window.messages)),
    clock,
    log,
    onKnown,
  });
  await known.readBack();
  return { sink: yielding(pipeline, spec, known, clock), onFlow: (isFlowing) => known.onFlow(isFlowing) };
}

/** Where a higher class goes to the same server, a route keeps the queue on the way there short. */
function yielding(pipeline: PipelineSpec, spec: RouteSpec, sink: Sink, clock: Clock): Sink {
  const { rank } = CLASSES[spec.class];
  const isHigher = ({ class: other, to }: RouteSpec): boolean =>
    to.connection === spec.to.connection && CLASSES[other].rank < rank;
  return pipeline.routes.some(isHigher) ? new YieldingSink(sink, rank, clock) : sink;
}
