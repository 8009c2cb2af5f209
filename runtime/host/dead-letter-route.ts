import type { BusContext } from '#contract/bus.ts';
import type { DeadLetters } from '#contract/dead-letter.ts';
import type { Log } from '#contract/log.ts';
import type { Sink } from '#contract/sink.ts';
import type { Catalog } from '#contract/catalog.ts';
import { busOf } from './catalog-of.ts';
import { compileTemplate } from '../template/compile-template.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';
import { openingOptions } from './end-options.ts';
import type { Clock } from '../engine/clock.ts';
import { DeadLetterPublisher } from '../engine/dead-letter-publisher.ts';
import type { Health } from '../telemetry/health.ts';

export interface DeadLetterRouteSettings {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly log: Log;
  readonly health: Health;
  readonly local: DeadLetters;
}

/** The dead-letter bus of a route, from opening to closing. */
export interface DeadLetterRoute {
  readonly letters: DeadLetters;
  /** The connection is back. */
  wake(): void;
  close(): Promise<void>;
}

/** Opens the bus of a route's dead letters. */
export async function openDeadLetterRoute(
  pipeline: PipelineSpec,
  spec: RouteSpec,
  to: NonNullable<RouteSpec['deadLetter']['to']>,
  context: BusContext,
  settings: DeadLetterRouteSettings,
): Promise<DeadLetterRoute> {
  const { catalog, clock, log, health, local } = settings;
  const bus = busOf(catalog, to.bus);
  const source = busOf(catalog, spec.from.bus).grammar;
  const sink: Sink = await bus.openSink(openingOptions(pipeline, to, bus, context), context);
  const publisher = new DeadLetterPublisher({
    sink,
    address: compileTemplate(to.address, {
      route: spec.name,
      source,
      target: bus.grammar,
      missing: 'ADDRESS_INVALID',
    }),
    ceiling: pipeline.labels?.ceilingOf(to.connection),
    local,
    attempts: spec.retry.attempts,
    clock,
    log,
    onFlow: (isFlowing, why) =>
      health.set(`${spec.name} dead-letter confirmations`, isFlowing, `the bus does not confirm: ${why}`),
  });
  return {
    letters: publisher,
    wake: () => publisher.wake(),
    async close() {
      publisher.stop();
      await sink.close();
    },
  };
}
