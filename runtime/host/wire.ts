import { isContentType } from '#contract/carried-headers.ts';
import type { Catalog } from '#contract/catalog.ts';
import type { CrashSuspects } from '#contract/crash-suspects.ts';
import type { DeadLetters } from '#contract/dead-letter.ts';
import { type Message, SCHEMA_HEADER } from '#contract/message.ts';
import { SluiceError } from '#contract/errors.ts';
import { type ProcessedIds, REMEMBERED_IDS } from '#contract/processed-ids.ts';
import type { CompileExpression, Expression, ExpressionResult } from '#contract/expression.ts';
import type { Ceiling, LabelRules } from '#contract/label-rules.ts';
import type { Source } from '#contract/source.ts';
import type { Stage } from '#contract/stage.ts';
import type { LoadedFunction } from '#contract/stage-kind.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import type { Validator } from '#contract/validator.ts';
import { codecsFor } from '../codecs/by-content-type.ts';
import type { Observers, Policy, Route, SinkEnd, Stores } from '../engine/route-parts.ts';
import type { RouteSpec } from '../project/pipeline-spec.ts';
import type { ProcessedIdBounds } from '../store/processed-ids.ts';
import { compileTemplate, type TemplateUse } from '../template/compile-template.ts';
import { maxBodyOf } from './body-reads.ts';
import type { GuardDesk, OpenGuards } from './guard-desk.ts';
import { busOf } from './catalog-of.ts';
import type { SchemaCodecs } from './codec-makers.ts';
import { codecsOf, numbersOf } from './route-codecs.ts';
import type { RouteRegistry } from './route-registry.ts';
import type { RouteSink } from './route-sink.ts';

/** The project's functions and schemas that a pipeline file names. */
export interface ProjectParts {
  readonly functions: ReadonlyMap<string, LoadedFunction>;
  readonly validators: ReadonlyMap<string, Validator>;
  /** Compiles expressions. Absent where the pipeline has none: then their language is not loaded. */
  readonly compileExpression?: CompileExpression | undefined;
  /** Absent: the file names none. */
  readonly codecs?: SchemaCodecs;
  /** Absent where the pipeline has no guards. */
  readonly openGuards?: OpenGuards | undefined;
}

/** The services of a process that its routes share, and those of one route. */
export interface RouteServices {
  readonly pipeline: string;
  readonly catalog: Catalog;
  readonly parts: ProjectParts;
  readonly deadLetters: DeadLetters;
  /** Durable ids of processed messages, by owner. */
  readonly processedIds: (owner: string, bounds: ProcessedIdBounds) => ProcessedIds;
  readonly suspects: CrashSuspects | undefined;
  /** Whether the source redelivers unsettled messages. */
  readonly redelivers: boolean;
  /** As Policy has it. */
  readonly countsExpired?: boolean | undefined;
  readonly observers: Observers;
  /** Undefined where the pipeline has no guards. */
  readonly guards: GuardDesk | undefined;
  /** Undefined where the pipeline names no schema registry. */
  readonly registry: RouteRegistry | undefined;
  /** The label rules of the route; undefined where the file names no policy. */
  readonly labels: LabelRules | undefined;
  /** What the bus of a connection may hold; undefined where the file names no policy. */
  readonly ceilingOf: (connection: string) => Ceiling | undefined;
}

/** The ends of a route, connected. */
export interface OpenEnds {
  readonly source: Source;
  /** In the order of the file. */
  readonly sinks: readonly RouteSink[];
}

type Fill = (
  text: string,
  missing: TemplateUse['missing'],
  more?: Partial<TemplateUse>,
) => ReturnType<typeof compileTemplate>;

/** One checked route of a pipeline and its open ends -> a route that can run. Opens and starts nothing. */
export function wireRoute(spec: RouteSpec, { source, sinks }: OpenEnds, services: RouteServices): Route {
  const grammar = busOf(services.catalog, spec.from.bus).grammar;
  const fill: Fill = (text, missing, more) =>
    compileTemplate(text, { route: spec.name, source: grammar, target: undefined, missing, ...more });
  const { decoding, encodings } = codecsOf(spec, services.catalog, services.parts.codecs, services.registry);
  const isSealed = spec.stages.some(({ kind }) => kind.seals === true);
  const made = sinks.map((sink, at): SinkEnd => {
    const to = spec.sinks[at];
    if (to === undefined) throw new SluiceError('INTERNAL', `a sink of ${spec.name} that is not in the file`);
    const idEnding = at === 0 ? undefined : `~to${at + 1}`;
    const takes = to.when === undefined ? undefined : conditionOf(to.when, spec, services);
    return { ...sink, encoding: encodings[at], takes, idEnding, isSealed, ...writingOf(spec, to, fill, services) };
  });
  return {
    ends: { source, sinks: made },
    policy: { ...policyOf(spec, fill, services), decoding },
    stores: storesOf(spec, services),
    observers: services.observers,
  };
}

function policyOf(spec: RouteSpec, fill: Fill, services: RouteServices): Omit<Policy, 'decoding'> {
  const { from, retry } = spec;
  const { timestamp, dedupe } = from;
  return {
    pipeline: services.pipeline,
    name: spec.name,
    trafficClass: spec.class,
    countsExpired: services.countsExpired,
    window: from.window,
    maxBodyBytes: maxBodyOf(spec),
    maxHops: from.maxHops,
    key: from.key === undefined ? undefined : fill(from.key, 'KEY_MISSING'),
    labels: services.labels,
    needsKey: CLASSES[spec.class].needs.includes('key'),
    id: from.id === undefined ? undefined : fill(from.id, 'KEY_MISSING'),
    sequence: from.sequence === undefined ? undefined : fill(from.sequence, 'SEQUENCE_INVALID'),
    timestamp: timestamp && { of: fill(timestamp.of, 'TIMESTAMP_MISSING'), unit: timestamp.unit },
    expiresAfterMs: from.expiresMs,
    needsPublisherTime: from.expiresOfPublisher,
    dedupe: dedupe && { by: fill(dedupe.by, 'KEY_MISSING'), comparesContent: dedupe.compare === 'content' },
    stages: stagesOf(spec, services),
    attempts: retry.attempts,
    backoff: retry.backoff,
    networkRetryMs: retry.networkMs,
    drainPerSecond: spec.drainPerSecond,
  };
}

/** How a message is written for the sink. The content type is a field of the frame, and so separate. */
function writingOf(
  { stamp: stamps }: RouteSpec,
  to: RouteSpec['to'],
  fill: Fill,
  { catalog, ceilingOf }: RouteServices,
): Omit<SinkEnd, keyof RouteSink | 'encoding' | 'takes' | 'idEnding' | 'isSealed'> {
  const filled = [...to.headers.set].map(
    ([name, text]) => [name, fill(text, 'HEADER_MISSING', { header: name })] as const,
  );
  // A header that a stage has written has no type of the source's bus.
  const stamp = stamps ? [[SCHEMA_HEADER, schemaIn] as const] : [];
  return {
    ceiling: ceilingOf(to.connection),
    statesContentType: to.codec !== undefined,
    // The sink checks the filled address: its length, empty levels.
    address: fill(to.address, 'ADDRESS_INVALID', { target: busOf(catalog, to.bus).grammar }),
    headers: new Map([...filled.filter(([name]) => !isContentType(name)), ...stamp]),
    droppedHeaders: to.headers.drop.filter((name) => !isContentType(name)),
    contentType:
      filled.find(([name]) => isContentType(name))?.[1] ?? (to.headers.drop.some(isContentType) ? 'none' : undefined),
  };
}

/** Throws INTERNAL where no stage has written it. */
function schemaIn({ headers }: Pick<Message, 'headers'>): string {
  const [name] = headers.get(SCHEMA_HEADER) ?? [];
  if (name === undefined) throw new SluiceError('INTERNAL', 'no stage has named the schema of a message');
  return name;
}

/**
 * A class that needs it has the ids of its processed messages, so that a message that is redelivered after a crash is not
 * sent after a newer one, and the last sequence of each key.
 */
function storesOf(
  { name, class: trafficClass, from: { dedupe } }: RouteSpec,
  { processedIds, redelivers, deadLetters, suspects }: RouteServices,
): Stores {
  const { oneAtATime, marksRepeats } = CLASSES[trafficClass];
  const isRemembered = redelivers && (oneAtATime || marksRepeats);
  return {
    processedIds: isRemembered ? processedIds(name, { most: REMEMBERED_IDS, windowMs: undefined }) : undefined,
    repeatKeys: dedupe && processedIds(`${name} dedupe`, { most: dedupe.max, windowMs: dedupe.windowMs }),
    deadLetters,
    suspects,
  };
}

/** The stages of a route, in their order. */
export function stagesOf(spec: RouteSpec, services: RouteServices): readonly Stage[] {
  return spec.stages.map((stage, at) => stageOf(stage, spec, services, at));
}

function stageOf(stage: RouteSpec['stages'][number], spec: RouteSpec, services: RouteServices, at: number): Stage {
  const { pipeline, parts, labels, guards } = services;
  const { kind, name, value, options } = stage;
  const hasBigints = holdsBigints(spec);
  const stamps = spec.stamp && stage === spec.stages.findLast((one) => one.kind.schemas !== undefined);
  const expression = expressionsOf(spec, services);
  const isChanged = spec.stages.slice(0, at).some((before) => before.kind.changesBody);
  const guard = (guardName: string): Stage | undefined =>
    guards?.stage(guardName, {
      route: spec.name,
      isAsItCame: isChanged ? () => false : isTextFrom(spec, services.catalog),
    });
  const { functions, validators } = parts;
  return kind.make({
    pipeline,
    route: spec.name,
    hasBigints,
    log: services.observers.log,
    labels,
    stamps,
    name,
    value,
    options,
    expression,
    functions,
    validators,
    guard,
  });
}

const TEXTS: ReadonlySet<string> = new Set(['json', 'text', 'bytes']);

/** Whether the bytes of a source frame of this content type are what a guard reads, and not a binary form of it. */
function isTextFrom({ from }: RouteSpec, { codecs }: Catalog): (contentType: string | undefined) => boolean {
  const { codec } = from;
  if (codec !== undefined) return () => codec.schema === undefined && TEXTS.has(codec.name);
  const byType = codecsFor(codecs.values(), { numbers: 'keep', depth: 1 });
  return (contentType) => TEXTS.has(byType.byContentType(contentType).name);
}

function conditionOf(text: string, spec: RouteSpec, services: RouteServices): (message: Message) => boolean {
  const condition = expressionsOf(spec, services)(text, 'bool');
  return (message) => condition.evaluate(message) === true;
}

function holdsBigints(spec: RouteSpec): boolean {
  return ['exact', 'keep'].includes(numbersOf(spec));
}

function expressionsOf(
  spec: RouteSpec,
  { catalog, labels, parts: { compileExpression } }: RouteServices,
): (text: string, result: ExpressionResult) => Expression {
  const { grammar } = busOf(catalog, spec.from.bus);
  return (text, result) => {
    if (compileExpression === undefined)
      throw new SluiceError('INTERNAL', 'the language of expressions was not loaded');
    const label = labels && ((message: Message) => labels.seen(message.label ?? ''));
    return compileExpression(text, { grammar, hasBigints: holdsBigints(spec), result, label });
  };
}
