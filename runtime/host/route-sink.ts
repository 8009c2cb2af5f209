import type { BusContext } from '#contract/bus.ts';
import type { Sink } from '#contract/sink.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import type { Catalog } from '#contract/catalog.ts';
import { busOf } from './catalog-of.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';
import { eventsOut } from './event-ends.ts';
import { openingOptions } from './end-options.ts';
import type { Clock } from '../engine/clock.ts';
import { signedSink } from './signed-sink.ts';
import { LogRecovery } from '../engine/send/log-recovery.ts';
import type { Observers, SinkEnd } from '../engine/route-parts.ts';
import { AdaptiveConcurrency } from '../engine/send/adaptive-concurrency.ts';
import { recoverFromLog, type LogReaderSettings, logReader } from '../engine/send/read-log.ts';

/** The sink of a route, as the engine takes it. */
export type RouteSink = Pick<SinkEnd, 'sink' | 'log'>;

export interface RouteSinkServices {
  readonly catalog: Catalog;
  readonly observers: Pick<Observers, 'clock' | 'log' | 'counters'>;
  /** Aborts the start. */
  readonly opening: AbortSignal;
  /** Undefined where the source redelivers nothing: then no id of an earlier process is needed. */
  readonly recoveryFor: Pick<LogReaderSettings, 'commitsEveryMs'> | undefined;
}

/** Resolves once the sink is connected, and the end of its log is read where it has one. */
export async function openRouteSink(
  pipeline: PipelineSpec,
  spec: RouteSpec,
  to: RouteSpec['to'],
  context: BusContext,
  services: RouteSinkServices,
): Promise<RouteSink> {
  const { catalog, observers, opening, recoveryFor } = services;
  const { clock, log, counters } = observers;
  const bus = busOf(catalog, to.bus);
  const opened = await bus.openSink(openingOptions(pipeline, to, bus, context), context);
  const adaptive = withAdaptiveConcurrency(pipeline, { spec, to }, opened, clock);
  const sink = signedSink(eventsOut(spec, to, catalog, adaptive), to, `${pipeline.name}/${spec.name}`, clock);
  if (opened.recoverIds === undefined) return { sink, log: undefined };
  const route = spec.name;
  const { commitsEveryMs } = recoveryFor ?? {};
  // Sinks of one route may share a log, over two connections to one server too: then a window of each is in its end.
  const sharing = spec.sinks.filter((other) => other.bus === to.bus).length;
  const window = spec.from.window.messages * sharing;
  const { route: name } = context;
  const settings = { pipeline: pipeline.name, route, sink: name, window, commitsEveryMs, log, opening };
  const atStart = recoveryFor === undefined ? undefined : await recoverFromLog(opened, settings);
  const { removesForMs } = opened;
  const read = logReader(opened, settings);
  return { sink, log: new LogRecovery({ route: name, sink, removesForMs, atStart, read, clock, log, counters }) };
}

/** A route keeps less in flight where a route of a higher class uses the same connection. */
function withAdaptiveConcurrency(
  pipeline: PipelineSpec,
  { spec, to }: { readonly spec: RouteSpec; readonly to: RouteSpec['to'] },
  sink: Sink,
  clock: Clock,
): Sink {
  const { rank } = CLASSES[spec.class];
  const isHigher = ({ class: other, sinks }: RouteSpec): boolean =>
    CLASSES[other].rank < rank && sinks.some(({ connection }) => connection === to.connection);
  return pipeline.routes.some(isHigher) ? new AdaptiveConcurrency(sink, rank, clock) : sink;
}
