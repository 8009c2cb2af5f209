import { basename, isAbsolute } from 'node:path';
import type { Bus } from '#contract/bus.ts';
import type { Catalog } from '#contract/catalog.ts';
import type { PipelineSpec, RouteSpec } from '../../project/pipeline-spec.ts';
import { busOf } from '../catalog-of.ts';
import { asDriverOptions } from '../end-options.ts';
import type { AnyLogReplay } from './survey.ts';
import { MarkingSink, type SinkTally } from './marking-sink.ts';
import { type ReplayReading, ReplaySource } from './replay-source.ts';
import type { ReplayRecord } from './replay-record.ts';

/**
 * The pipeline of a replay: one route, whose source is another reader of the log. Class telemetry becomes event: every message of the
 * range is wanted, not the newest of each key. A spool is left out, because the log itself keeps the messages.
 */
export function replaySpec(
  spec: PipelineSpec,
  route: RouteSpec,
  { reader, fromMs, toMs, parts }: ReplayRecord,
  { replay, renewsExpiry }: { readonly replay: AnyLogReplay; readonly renewsExpiry: boolean },
): PipelineSpec {
  const options: object = replay.reader(asDriverOptions(route.from.options), reader, { fromMs, toMs }, parts);
  const from = {
    ...route.from,
    options: { ...options },
    ...(renewsExpiry && { expiresMs: undefined, expiresOfPublisher: false }),
  };
  const only: RouteSpec = {
    ...route,
    from,
    class: route.class === 'telemetry' ? 'event' : route.class,
    spool: undefined,
  };
  return { ...spec, routes: [only], guards: ownAudits(spec.guards) };
}

/** One process at a time writes an audit file: that of the running pipeline stays its own. */
function ownAudits(guards: PipelineSpec['guards']): PipelineSpec['guards'] {
  return new Map(
    [...guards].map(([name, guard]) => [
      name,
      isAbsolute(guard.audit) ? { ...guard, audit: basename(guard.audit) } : guard,
    ]),
  );
}

export type CatalogReading = Omit<ReplayReading, 'settledTo' | 'placeOf'>;

interface CatalogParts {
  /** Of the replay. */
  readonly id: string;
  readonly replay: Pick<AnyLogReplay, 'placeOf' | 'settledIn'>;
  readonly reading: CatalogReading;
  readonly tally: SinkTally;
}

/** The catalog with sources that end with the range, and sinks that mark what they send. */
export function replayCatalog(
  catalog: Catalog,
  sourceBus: string,
  { id, replay, reading, tally }: CatalogParts,
): Catalog {
  const source = busOf(catalog, sourceBus);
  const wrapped = (bus: Bus): Bus => ({
    ...bus,
    async openSource(options, context) {
      const opened = await bus.openSource(options, context);
      const settledTo = (): number | undefined => replay.settledIn?.(asDriverOptions(options.end), context);
      const placeOf = replay.placeOf.bind(replay);
      return bus === source ? new ReplaySource(opened, { ...reading, placeOf, settledTo }) : opened;
    },
    openSink: async (options, context) => {
      // A name of its own: a broker of MQTT ends the connection of the running pipeline when another one has its client id.
      const sink = await bus.openSink(options, { ...context, route: `${context.route}_replay-${id}` });
      return context.direction === 'sink' ? new MarkingSink(sink, tally) : sink;
    },
  });
  return { ...catalog, buses: new Map([...catalog.buses].map(([name, bus]) => [name, wrapped(bus)])) };
}
