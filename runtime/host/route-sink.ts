import type { BusContext } from '#contract/bus.ts';
import type { Log } from '#contract/log.ts';
import type { Sink } from '#contract/sink.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import type { Catalog } from '#contract/catalog.ts';
import { busOf } from './catalog-of.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';
import { openingOptions } from './end-options.ts';
import type { Clock } from '../engine/clock.ts';
import { LogRecoverySink } from '../engine/send/log-recovery.ts';
import type { RecoveredIds } from '../engine/send/recovered-ids.ts';
import { AdaptiveConcurrency } from '../engine/send/adaptive-concurrency.ts';
import { recoverFromLog, type LogRecoverySettings, logReader } from '../engine/send/read-log.ts';

/** The sink of a route, with its wrappers. */
export interface RouteSink {
  readonly sink: Sink;
  /** The ids that an earlier process sent, read from the sink's log. */
  readonly recoveredIds: RecoveredIds | undefined;
  /** Called when the sink stops confirming, and when it confirms again. */
  onFlow(isFlowing: boolean): void;
  /** Called with the ids that were sent and not confirmed, each time that sending stops. */
  onUnconfirmed(ids: Iterable<string>): void;
}

export interface RouteSinkServices {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts the start. */
  readonly opening: AbortSignal;
  /** Undefined where the source redelivers nothing: then no id of an earlier process is needed. */
  readonly recoveryFor: Pick<LogRecoverySettings, 'commitsEveryMs'> | undefined;
  /** An unconfirmed frame was found in the sink's log. */
  readonly onAlreadyStored: () => void;
}

/** Resolves once the sink is connected, and the end of its log is read where it has one. */
export async function openRouteSink(
  pipeline: PipelineSpec,
  spec: RouteSpec,
  context: BusContext,
  services: RouteSinkServices,
): Promise<RouteSink> {
  const { catalog, clock, log, opening, recoveryFor, onAlreadyStored } = services;
  const bus = busOf(catalog, spec.to.bus);
  const opened = await bus.openSink(openingOptions(pipeline, spec.to, bus, context), context);
  const route = spec.name;
  const { commitsEveryMs } = recoveryFor ?? {};
  const window = spec.from.window.messages;
  const settings = { pipeline: pipeline.name, route, window, commitsEveryMs, log, opening };
  const recoveredIds = recoveryFor === undefined ? undefined : await recoverFromLog(opened, settings);
  if (opened.recoverIds === undefined) {
    return {
      sink: withAdaptiveConcurrency(pipeline, spec, opened, clock),
      recoveredIds,
      onFlow() {},
      onUnconfirmed() {},
    };
  }
  const read = logReader(opened, settings);
  const recovering = new LogRecoverySink(opened, {
    wasStored: (id) => recoveredIds?.wasStored(id) === true,
    route,
    read,
    clock,
    log,
    onAlreadyStored,
  });
  return {
    sink: withAdaptiveConcurrency(pipeline, spec, recovering, clock),
    recoveredIds,
    onFlow: (isFlowing) => recovering.onFlow(isFlowing),
    onUnconfirmed: (ids) => recovering.unconfirmed(ids),
  };
}

/** A route keeps less in flight where a route of a higher class uses the same connection. */
function withAdaptiveConcurrency(pipeline: PipelineSpec, spec: RouteSpec, sink: Sink, clock: Clock): Sink {
  const { rank } = CLASSES[spec.class];
  const isHigher = ({ class: other, to }: RouteSpec): boolean =>
    to.connection === spec.to.connection && CLASSES[other].rank < rank;
  return pipeline.routes.some(isHigher) ? new AdaptiveConcurrency(sink, rank, clock) : sink;
}
