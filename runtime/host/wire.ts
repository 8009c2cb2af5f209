import type { AddressGrammar } from '#contract/bus.ts';
import { isContentType } from '#contract/carried-headers.ts';
import type { Codec, NumberRule } from '#contract/codec.ts';
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
import { sizeBytes } from '#kit/quantity.ts';
import { busOf, type Catalog } from './catalog-of.ts';
import { codecsFor } from '../codecs/by-content-type.ts';
import { compileTemplate, type TemplateUse } from '../template/compile-template.ts';
import { DEFAULTS } from '../project/fields/pipeline-fields.ts';
import type { RouteSpec } from '../project/pipeline-spec.ts';
import { parseTemplate } from '../template/template.ts';
import type { Clock } from '../engine/clock.ts';
import { newCounters } from '../engine/counters.ts';
import { SequenceTracker } from '../engine/sequence-tracker.ts';
import type { Route } from '../engine/route.ts';
import type { ProcessedIdBounds } from '../store/processed-ids.ts';
import type { LoadedFunction } from '../stages/kind.ts';
import type { Validator } from '../stages/validate.ts';

type Memory = Pick<Route, 'processedIds' | 'sequences'>;

/** What a pipeline file names and its project holds. */
export interface ProjectParts {
  readonly functions: ReadonlyMap<string, LoadedFunction>;
  readonly validators: ReadonlyMap<string, Validator>;
}

/** What a route shares with the others of its process. */
export interface RouteServices {
  readonly pipeline: string;
  readonly catalog: Catalog;
  readonly parts: ProjectParts;
  readonly deadLetters: DeadLetters;
  /** What a route remembers over restarts, by owner. */
  readonly processedIds: (owner: string, bounds: ProcessedIdBounds) => ProcessedIds;
  readonly clock: Clock;
  readonly log: Log;
  readonly tracer: Tracer | undefined;
  readonly suspects: CrashSuspects | undefined;
  readonly eventLoopWatchdog: EventLoopWatchdog | undefined;
  readonly onFlow: Route['onFlow'];
  readonly onUnconfirmed: Route['onUnconfirmed'];
  readonly onDeadLetters: Route['onDeadLetters'];
  /** Whether the source delivers again what was not settled. */
  readonly redelivers: boolean;
  /** What an earlier process has sent, as far as the sink's log says so. */
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
    // The sink judges what the values make together: an address that is too long, an empty level.
    address: fill(to.address, sinkGrammar, 'ADDRESS_INVALID'),
    ...headerWordsOf(spec, sourceGrammar),
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

/** What the file says of headers. The content type stands in a field of the frame, and so apart. */
function headerWordsOf(
  { name: route, to: { headers } }: RouteSpec,
  source: AddressGrammar,
): Pick<Route, 'headers' | 'droppedHeaders' | 'contentType'> {
  const fills = [...headers.set].map(([name, text]) => {
    const use = { route, source, target: undefined, missing: 'HEADER_MISSING', header: name } as const;
    return [name, compileTemplate(text, use)] as const;
  });
  return {
    headers: new Map(fills.filter(([name]) => !isContentType(name))),
    droppedHeaders: headers.drop.filter((name) => !isContentType(name)),
    contentType:
      fills.find(([name]) => isContentType(name))?.[1] ?? (headers.drop.some(isContentType) ? 'none' : undefined),
  };
}

/**
 * What the class must know of what was sent before: ids, so that what comes again after a crash is not sent behind a
 * newer one; the last sequence of each key.
 */
function memoryOf({ name, class: trafficClass }: RouteSpec, { processedIds, redelivers }: RouteServices): Memory {
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

/** What decodes and encodes on a route; each undefined where the bytes pass untouched. */
function codecsOf(spec: RouteSpec, catalog: Catalog): Pick<Route, 'decoding' | 'encoding'> {
  const { from, to } = spec;
  const codecs = codecsFor(catalog.codecs.values(), numbersOf(spec, catalog));
  const byType = (contentType: string | undefined): Codec => codecs.byContentType(contentType);
  const named = (name: string): Codec => {
    const codec = codecs.named(name);
    if (codec === undefined) throw new SluiceError('INTERNAL', `no codec ${name} in the catalog`);
    return codec;
  };
  const incoming = from.codec === undefined ? byType : always(named(from.codec));
  const outgoing = to.codec === undefined ? incoming : always(named(to.codec));
  return {
    decoding: readsBodies(spec) ? incoming : undefined,
    encoding: recodes(spec, catalog) ? outgoing : undefined,
  };
}

/** Whether bodies are written anew. */
function recodes(spec: RouteSpec, { stages }: Catalog): boolean {
  return namesAnotherCodec(spec) || spec.stages.some(({ verb }) => stages.get(verb)?.changesBody === true);
}

/** Where the file says nothing: a route that sends the source's own bytes loses no number, and so refuses none. */
function numbersOf(spec: RouteSpec, catalog: Catalog): NumberRule {
  return spec.json.numbers ?? (recodes(spec, catalog) ? DEFAULTS.jsonNumbers : 'keep');
}

function namesAnotherCodec({ from, to }: RouteSpec): boolean {
  return to.codec !== undefined && to.codec !== from.codec;
}

/** Whether anything on the route decodes a body: only there can a message do harm. */
export function readsBodies(spec: RouteSpec): boolean {
  const { from, to, stages } = spec;
  const texts = [
    from.key,
    from.id,
    from.sequence,
    from.timestamp?.of,
    from.dedupe?.by,
    to.address,
    ...to.headers.set.values(),
  ];
  return stages.length > 0 || namesAnotherCodec(spec) || texts.some((text) => text !== undefined && readsBody(text));
}

/** The largest body that a route takes. Where nothing looks into it, any size is as good as another. */
function maxBodyOf(spec: RouteSpec): number {
  return spec.from.maxBodyBytes ?? (readsBodies(spec) ? sizeBytes(DEFAULTS.maxBody) : Number.POSITIVE_INFINITY);
}

function always(codec: Codec): () => Codec {
  return () => codec;
}

/** Whether a template reads the body, so that the body has to be decoded for it. */
export function readsBody(text: string): boolean {
  const parsed = parseTemplate(text);
  return 'parts' in parsed && parsed.parts.some((part) => typeof part !== 'string' && part.kind === 'body');
}
