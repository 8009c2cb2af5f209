import type { BusContext } from '#contract/bus.ts';
import type { Log } from '#contract/log.ts';
import type { Sink } from '#contract/sink.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import { busOf, type Catalog } from './catalog-of.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';
import { openingOptions } from './end-options.ts';
import type { Clock } from '../engine/clock.ts';
import { LogRecoverySink } from '../engine/log-recovery-sink.ts';
import type { RecoveredIds } from '../engine/recovered-ids.ts';
import { AdaptiveConcurrency } from '../engine/adaptive-concurrency.ts';
import { recoverFromLog, type LogRecoverySettings, logReader } from './log-recovery.ts';

/** The sink of a route, with all that stands between it and the engine. */
export interface RouteSink {
  readonly sink: Sink;
  /** What an earlier process has sent, as far as the sink's log tells. */
  readonly recoveredIds: RecoveredIds | undefined;
  /** To be told when it ceases to confirm, and when it confirms again. */
  onFlow(isFlowing: boolean): void;
  /** To be told what was sent and not confirmed, each time that sending stops. */
  onUnconfirmed(ids: Iterable<string>): void;
}

export interface RouteSinkServices {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts the start. */
  readonly opening: AbortSignal;
  /** Undefined where the source delivers nothing again: then nothing need be known of what was sent before. */
  readonly tailFor: Pick<LogRecoverySettings, 'commitsEveryMs'> | undefined;
  /** A frame in doubt was found in the sink's log. */
  readonly onAlreadyStored: () => void;
}

/** Resolves once it is connected, and the end of its log is read where it is one. */
export async function openRouteSink(
  pipeline: PipelineSpec,
  spec: RouteSpec,
  context: BusContext,
  services: RouteSinkServices,
): Promise<RouteSink> {
  const { catalog, clock, log, opening, tailFor, onAlreadyStored } = services;
  const bus = busOf(catalog, spec.to.bus);
  const opened = await bus.openSink(openingOptions(pipeline, spec.to, bus, context), context);
  const route = spec.name;
  const { commitsEveryMs } = tailFor ?? {};
  const window = spec.from.window.messages;
  const settings = { pipeline: pipeline.name, route, window, commitsEveryMs, log, opening };
  const recoveredIds = tailFor === undefined ? undefined : await recoverFromLog(opened, settings);
  if (opened.recoverIds === undefined) {
    return { sink: yielding(pipeline, spec, opened, clock), recoveredIds, onFlow() {}, onUnconfirmed() {} };
  }
  const read = logReader(opened, settings);
  const recovering = new LogRecoverySink(opened, { route, read, clock, log, onAlreadyStored });
  return {
    sink: yielding(pipeline, spec, recovering, clock),
    recoveredIds,
    onFlow: (isFlowing) => recovering.onFlow(isFlowing),
    onUnconfirmed: (ids) => recovering.unconfirmed(ids),
  };
}

/** Where a higher class goes to the same server, a route keeps the queue on the way there short. */
function yielding(pipeline: PipelineSpec, spec: RouteSpec, sink: Sink, clock: Clock): Sink {
  const { rank } = CLASSES[spec.class];
  const isHigher = ({ class: other, to }: RouteSpec): boolean =>
    to.connection === spec.to.connection && CLASSES[other].rank < rank;
  return pipeline.routes.some(isHigher) ? new AdaptiveConcurrency(sink, rank, clock) : sink;
}
