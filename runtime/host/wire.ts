import type { AddressGrammar } from '#contract/bus.ts';
import { isContentType } from '#contract/carried-headers.ts';
import type { DeadLetters } from '#contract/dead-letter.ts';
import { type ProcessedIds, REMEMBERED_IDS } from '#contract/processed-ids.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Log } from '#contract/log.ts';
import type { EventLoopWatchdog } from '#contract/event-loop-watchdog.ts';
import type { Sink } from '#contract/sink.ts';
import type { Source } from '#contract/source.ts';
import type { Stage } from '#contract/stage.ts';
import type { CrashSuspects } from '#contract/crash-suspects.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import type { Tracer } from '#contract/trace.ts';
import { ReusedIds } from '#kit/reused-ids.ts';
import type { Catalog } from '#contract/catalog.ts';
import { maxBodyOf } from './body-reads.ts';
import { busOf } from './catalog-of.ts';
import { codecsOf, numbersOf } from './route-codecs.ts';
import { compileTemplate, type TemplateUse } from '../template/compile-template.ts';
import type { RouteSpec } from '../project/pipeline-spec.ts';
import type { Clock } from '../engine/clock.ts';
import { newCounters } from '../engine/counters.ts';
import { SequenceTracker } from '../engine/history/sequence-tracker.ts';
import type { Route } from '../engine/route.ts';
import type { ProcessedIdBounds } from '../store/processed-ids.ts';
import type { LoadedFunction } from '#contract/stage-kind.ts';
import type { Validator } from '#contract/validator.ts';

type RouteMemory = Pick<Route, 'processedIds' | 'sequences'>;

/** The project's functions and schemas that a pipeline file names. */
export interface ProjectParts {
  readonly functions: ReadonlyMap<string, LoadedFunction>;
  readonly validators: ReadonlyMap<string, Validator>;
}

/** The services of a process that its routes share, and those of one route. */
export interface RouteServices {
  readonly pipeline: string;
  readonly catalog: Catalog;
  readonly parts: ProjectParts;
  readonly deadLetters: DeadLetters;
  /** Durable ids of processed messages, by owner. */
  readonly processedIds: (owner: string, bounds: ProcessedIdBounds) => ProcessedIds;
  readonly clock: Clock;
  readonly log: Log;
  readonly tracer: Tracer | undefined;
  readonly suspects: CrashSuspects | undefined;
  readonly eventLoopWatchdog: EventLoopWatchdog | undefined;
  readonly onFlow: Route['onFlow'];
  readonly onUnconfirmed: Route['onUnconfirmed'];
  readonly onDeadLetters: Route['onDeadLetters'];
  /** Whether the source redelivers unsettled messages. */
  readonly redelivers: boolean;
  /** Ids that an earlier process sent, read from the sink's log. */
  readonly recoveredIds: Route['recoveredIds'];
}

/** One checked route of a pipeline and its open ends -> a route that can run. Opens and starts nothing. */
export function wireRoute(spec: RouteSpec, source: Source, sink: Sink, services: RouteServices): Route {
  const {
    pipeline,
    catalog,
    deadLetters,
    processedIds,
    clock,
    log,
    tracer,
    suspects,
    eventLoopWatchdog,
    onFlow,
    onDeadLetters,
  } = services;
  const { from, to } = spec;
  const stages = spec.stages.map((stage) => stageOf(stage, spec, services));
  const sourceGrammar = busOf(catalog, from.bus).grammar;
  const sinkGrammar = busOf(catalog, to.bus).grammar;
  const fill = (text: string, target: AddressGrammar | undefined, missing: TemplateUse['missing']) =>
    compileTemplate(text, { route: spec.name, source: sourceGrammar, target, missing });
  const { decoding, encoding } = codecsOf(spec, catalog);
  return {
    pipeline,
    name: spec.name,
    trafficClass: spec.class,
    source,
    sink,
    maxBodyBytes: maxBodyOf(spec),
    maxHops: from.maxHops,
    decoding,
    encoding,
    statesContentType: to.codec !== undefined,
    key: from.key === undefined ? undefined : fill(from.key, undefined, 'KEY_MISSING'),
    needsKey: CLASSES[spec.class].needs.includes('key'),
    id: from.id === undefined ? undefined : fill(from.id, undefined, 'KEY_MISSING'),
    // The sink checks the filled address: its length, empty levels.
    address: fill(to.address, sinkGrammar, 'ADDRESS_INVALID'),
    ...headersOf(spec, sourceGrammar),
    sequence: from.sequence === undefined ? undefined : fill(from.sequence, undefined, 'SEQUENCE_INVALID'),
    timestamp:
      from.timestamp === undefined
        ? undefined
        : { of: fill(from.timestamp.of, undefined, 'TIMESTAMP_MISSING'), unit: from.timestamp.unit },
    expiresAfterMs: from.expiresMs,
    needsPublisherTime: from.expiresOfPublisher,
    stages,
    window: from.window,
    attempts: spec.retry.attempts,
    backoff: spec.retry.backoff,
    networkRetryMs: spec.retry.networkMs,
    drainPerSecond: spec.drainPerSecond,
    ...memoryOf(spec, services),
    recoveredIds: services.recoveredIds,
    dedupe:
      from.dedupe === undefined
        ? undefined
        : {
            by: fill(from.dedupe.by, undefined, 'KEY_MISSING'),
            comparesContent: from.dedupe.compare === 'content',
            processedIds: processedIds(`${spec.name} dedupe`, {
              most: from.dedupe.max,
              windowMs: from.dedupe.windowMs,
            }),
          },
    reusedIds: new ReusedIds(),
    deadLetters,
    counters: newCounters(),
    clock,
    log,
    tracer,
    suspects,
    eventLoopWatchdog,
    onFlow,
    onUnconfirmed: services.onUnconfirmed,
    onDeadLetters,
  };
}

/** The header fields of the file. The content type is a field of the frame, and so separate. */
function headersOf(
  { name: route, to: { headers } }: RouteSpec,
  source: AddressGrammar,
): Pick<Route, 'headers' | 'droppedHeaders' | 'contentType'> {
  const filled = [...headers.set].map(([name, text]) => {
    const use = { route, source, target: undefined, missing: 'HEADER_MISSING', header: name } as const;
    return [name, compileTemplate(text, use)] as const;
  });
  return {
    headers: new Map(filled.filter(([name]) => !isContentType(name))),
    droppedHeaders: headers.drop.filter((name) => !isContentType(name)),
    contentType:
      filled.find(([name]) => isContentType(name))?.[1] ?? (headers.drop.some(isContentType) ? 'none' : undefined),
  };
}

/**
 * The class's memory of sent messages: ids, so that a message that is redelivered after a crash is not sent after a newer
 * one; the last sequence of each key.
 */
function memoryOf({ name, class: trafficClass }: RouteSpec, { processedIds, redelivers }: RouteServices): RouteMemory {
  const { oneAtATime, marksRepeats } = CLASSES[trafficClass];
  const delivered =
    redelivers && (oneAtATime || marksRepeats)
      ? processedIds(name, { most: REMEMBERED_IDS, windowMs: undefined })
      : undefined;
  return { processedIds: delivered, sequences: new SequenceTracker(delivered?.sequences()) };
}

function stageOf(
  stage: RouteSpec['stages'][number],
  spec: RouteSpec,
  { pipeline, catalog, parts }: RouteServices,
): Stage {
  const kind = catalog.stages.get(stage.verb);
  if (kind === undefined) throw new SluiceError('INTERNAL', `no stage ${stage.verb} in the catalog`);
  const hasBigints = ['exact', 'keep'].includes(numbersOf(spec, catalog));
  const { name, value, options } = stage;
  return kind.make({ pipeline, route: spec.name, hasBigints, name, value, options, ...parts });
}
