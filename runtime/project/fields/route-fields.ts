import type { StageKind } from '#contract/stage-kind.ts';
import type { LetterBounds } from '#contract/dead-letter.ts';
import { CLASS_NAMES, CLASSES, type TrafficClass } from '#contract/traffic-class.ts';
import { asList, asMap, own } from '#kit/json-value.ts';
import { durationMs, perSecond, RATE_PATTERN, SOME_DURATION_PATTERN } from '#kit/quantity.ts';
import { checkClass } from '../check/check-class.ts';
import { checkJson } from '../check/check-json.ts';
import { checkPromise } from '../check/check-promise.ts';
import { checkStamp } from '../check/check-stamp.ts';
import { checkSpool } from '../check/check-spool.ts';
import { seconds } from '../explain/seconds.ts';
import { classOf } from './class-of.ts';
import { type Field, field, type Parsed, parseMap } from './field.ts';
import { LOCAL_DEAD_LETTER_FIELDS } from './dead-letter-fields.ts';
import { DEFAULTS } from './field-defaults.ts';
import { JSON_FIELDS, JSON_SCHEMA, NUMBERS_MEAN } from './json-fields.ts';
import { NAME_PATTERN } from './name-patterns.ts';
import { PROMISE_FIELDS, PROMISE_SCHEMA, SPOOL_FIELDS, SPOOL_SCHEMA, type SpoolSpec } from './promise-and-spool.ts';
import { checkRetry, onBadMessage, parseRetry, RETRY_FIELDS, RETRY_SCHEMA } from './retry.ts';
import { OF_CATALOG } from './shared-schemas.ts';
import type { SinkFieldValues } from './sink-fields.ts';
import type { SourceFieldValues } from './source-fields.ts';
import { optional, text } from './values.ts';

export interface DeadLetterSpec {
  /** Of the local store. Every route has it, because a bus may refuse a dead letter permanently. */
  readonly bounds: LetterBounds;
  /** The bus of the dead letters; undefined for the local store. */
  readonly to: DeadLetterSinkSpec | undefined;
}

export interface DeadLetterSinkSpec {
  readonly connection: string;
  readonly bus: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Template of the address. */
  readonly address: string;
}

export interface StageSpec {
  readonly verb: string;
  readonly kind: StageKind;
  /** The function or schema. For a kind that names no file: the position in the route, from 1. */
  readonly name: string;
  /** The value behind the verb. */
  readonly value: unknown;
  /** The keys beside the verb, defaults filled in; durations are text. */
  readonly options: Readonly<Record<string, unknown>>;
  /** `pipelines/x.yaml:12:5` */
  readonly place: string;
}

interface EndSpec {
  /** Name of a connection of this pipeline. */
  readonly connection: string;
  readonly bus: string;
  /** The driver's own options, by its sourceSchema or sinkSchema. */
  readonly options: Readonly<Record<string, unknown>>;
}

export type SourceSpec = EndSpec & Readonly<SourceFieldValues>;

export type SinkSpec = EndSpec & {
  /** Template of the address, from the address option of the driver. */
  readonly address: string;
} & Readonly<SinkFieldValues>;

/** Reads the parts of a route that depend on the catalog. */
export interface RouteContext {
  readonly source: (options: unknown, trafficClass: TrafficClass) => SourceSpec;
  readonly stage: (item: unknown, position: number) => StageSpec;
  /** `index`: the place in a list; undefined for a single sink. */
  readonly sink: (options: unknown, index: number | undefined) => SinkSpec;
  readonly letters: (options: unknown) => DeadLetterSpec;
}

const routeField = <Spec extends object>(entry: Field<Spec, RouteContext>) => field<Spec, RouteContext>(entry);

/** The words of a route. */
export const ROUTE_FIELDS = {
  name: routeField({
    schema: {
      type: 'string',
      pattern: NAME_PATTERN,
      maxLength: 64,
      description: 'Unique in the file.',
      examples: ['positions'],
    },
    parse: (route) => ({ name: text(route, 'name') }),
    doc: '`name`: `[a-z][a-z0-9-]*`, unique in the file. Client ids, durable names and counters are made from it: renaming a route makes it a new one for the buses.',
  }),
  class: routeField({
    schema: {
      type: 'string',
      enum: [...CLASS_NAMES],
      default: DEFAULTS.routeClass,
      enumDescriptions: CLASS_NAMES.map((name) => CLASSES[name].use),
      description: 'The traffic class: what matters while the sink is slow, away or back.',
    },
    parse: (route) => ({ class: classOf(route) }),
    check: checkClass,
    doc: '`class`: what matters while the sink is slow, away or back; `event` unless said otherwise. See [traffic classes](classes.md).',
  }),
  from: routeField({
    schema: OF_CATALOG,
    parse: (route, { source }) => ({ from: source(own(route, 'from'), classOf(route)) }),
    doc: "`from`: the source. `bus` names a connection, the rest is the driver's and:",
  }),
  stages: routeField({
    schema: {
      type: 'array',
      items: OF_CATALOG,
      default: [],
      examples: [[{ validate: 'track.v1' }]],
      description: 'One verb each, in order.',
    },
    parse: (route, { stage }) => ({ stages: asList(own(route, 'stages')).map(stage) }),
    doc: '`stages`: one verb each, in order. `validate: SCHEMA` ([schemas](schemas.md)); `function: NAME` ([functions](functions.md)), or `{ function: NAME, with: { ... }, timeout: 5s }`, where `with` is handed to the function and `timeout` is 30s unless said otherwise. `{ function: NAME, isolate: worker, timeout: 5s, memory: 128MiB, workers: 2 }` runs it in a pool of threads, so that what loops, crashes or fills the memory ends only its thread; see [poison messages](poison.md). `filter`, `map` and `split` are [expressions](expressions.md).',
  }),
  stamp: routeField({
    schema: {
      type: 'boolean',
      default: false,
      description: 'Whether the header schema of each message names the schema that its body fits.',
    },
    parse: (route) => ({ stamp: own(route, 'stamp') === true }),
    check: checkStamp,
    doc: '`stamp: true`: each message leaves with the header `schema`, which names the schema that its body fits: the one of the last `validate` ([schemas](schemas.md#the-name-of-the-schema-in-a-header)).',
  }),
  to: routeField({
    schema: OF_CATALOG,
    parse(route, { sink }): { readonly to: SinkSpec; readonly sinks: readonly SinkSpec[] } {
      const to = own(route, 'to');
      const sinks = Array.isArray(to) ? to.map((one: unknown, index) => sink(one, index)) : [sink(to, undefined)];
      const [first] = sinks;
      if (first === undefined) throw new TypeError('a list of sinks is empty: the file was not checked');
      /** `to`: the only sink, or the first of the list. */
      return { to: first, sinks };
    },
    doc: "`to`: the sink, or a list of sinks ([several sinks](expressions.md#several-sinks)). `bus` names a connection, the rest is the driver's, its address template among them, and:",
  }),
  json: routeField({
    schema: JSON_SCHEMA,
    parse: (route) => ({ json: parseMap(JSON_FIELDS, asMap(own(route, 'json')), {}) }),
    check: checkJson,
    explain: ({ json }) => ({
      'a body is nested too deeply': `beyond ${json.depth} levels a dead letter (BODY_TOO_DEEP), where it is read`,
      'a body holds a number that a double does not': NUMBERS_MEAN[json.numbers ?? 'unsaid'],
    }),
    doc: '`json`: the rules for numbers and levels, of every codec that has them. See [JSON bodies](#json-bodies).',
    fields: JSON_FIELDS,
  }),
  retry: routeField({
    schema: RETRY_SCHEMA,
    parse: parseRetry,
    check: checkRetry,
    explain: (spec, route) => ({ 'a message cannot pass': onBadMessage(spec, route) }),
    doc: '`retry`: tries of a message that fails. "The sink is down" never counts against a message.',
    fields: RETRY_FIELDS,
  }),
  drain: routeField({
    schema: {
      type: 'string',
      pattern: RATE_PATTERN,
      description:
        'How fast a backlog is sent after an outage or a start, in messages. Default: as fast as the sink takes it.',
      examples: ['500/s'],
    },
    parse(route) {
      const drain = optional(route, 'drain');
      /** How fast a backlog may be sent, in messages; undefined: as fast as the sink takes it. */
      return { drainPerSecond: drain === undefined ? undefined : perSecond(drain) };
    },
    doc: '`drain: 500/s`: how fast a backlog is sent after an outage or a start. As fast as the sink takes it unless said otherwise.',
  }),
  promise: routeField({
    schema: PROMISE_SCHEMA,
    parse: () => ({}),
    check: checkPromise,
    doc: '`promise`: the guarantees that the route must be able to keep. `check` and `run` refuse it where its ends cannot, and name the end that falls short and the option that would lift it (`PROMISE_UNMET`).',
    fields: PROMISE_FIELDS,
  }),
  spool: routeField({
    schema: SPOOL_SCHEMA,
    parse(route): { readonly spool: SpoolSpec | undefined } {
      if (own(route, 'spool') === undefined) return { spool: undefined };
      return { spool: parseMap(SPOOL_FIELDS, asMap(own(route, 'spool')), {}) };
    },
    check: checkSpool,
    doc: '`spool`: a store on the local disk between source and stages. The source is settled once a message is committed there. See [the spool](spool.md).',
    fields: SPOOL_FIELDS,
  }),
  deadLetter: routeField({
    schema: {
      description: 'Where messages go that can never succeed: the local store, or a bus.',
      default: DEFAULTS.deadLetter,
      anyOf: [{ type: 'string', enum: [DEFAULTS.deadLetter] }, OF_CATALOG],
    },
    parse: (route, { letters }) => ({ deadLetter: letters(own(route, 'deadLetter')) }),
    doc: "`deadLetter`: `local` (default), or `{ bus: NAME, ... }` with the driver's own sink options of that bus. The bus must carry headers. Such a sink has no `headers`, `codec` or `grade`, because a dead letter has headers and bytes of its own. Its address may use `{route}`, `{key}`, `{id}` and `{header.NAME}`. See [dead letters](dead-letters.md). A map without `bus` sets the bounds of the local store:",
    fields: LOCAL_DEAD_LETTER_FIELDS,
  }),
  watchdog: routeField({
    schema: {
      type: 'string',
      pattern: SOME_DURATION_PATTERN,
      formatMinimum: '100ms',
      formatMaximum: '7d',
      format: 'duration',
      default: DEFAULTS.watchdog,
      description:
        'How long messages may be held and none end before the route counts as stalled: /readyz says so, and what it waits for.',
    },
    parse(route) {
      /** How long deliveries may be held and none end before the route counts as stalled. */
      return { watchdogMs: durationMs(optional(route, 'watchdog') ?? DEFAULTS.watchdog) };
    },
    explain: ({ watchdogMs }) => ({
      'nothing moves': `after ${seconds(watchdogMs)} /readyz turns red and says what is waited for`,
    }),
    doc: '`watchdog`: how long messages may be held and none end before the route counts as stalled, 30s unless said otherwise. `/readyz` then answers 503 and says what is waited for: the sink, stages, the dead letter store.',
  }),
} as const;

export type RouteSpec = Readonly<Parsed<typeof ROUTE_FIELDS>>;
