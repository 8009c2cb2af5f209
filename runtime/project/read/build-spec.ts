import { UNSPELLABLE } from '#contract/carried-headers.ts';
import { JSON_NUMBERS } from '#contract/codec.ts';
import { CLASS_NAMES, type TrafficClass } from '#contract/traffic-class.ts';
import { durationMs, perSecond, sizeBytes } from '#kit/quantity.ts';
import { TIME_UNITS } from '#kit/time-unit.ts';
import { mapWithDefaults } from './with-defaults.ts';
import { DEFAULTS, sinkWords, sourceWords } from '../fields/pipeline-fields.ts';
import { stageKind } from './sections.ts';
import type {
  ConnectionSpec,
  DeadLetterSpec,
  DedupeSpec,
  HeadersSpec,
  JsonSpec,
  PipelineSpec,
  RetrySpec,
  RouteSpec,
  SinkSpec,
  SourceSpec,
  SpoolSpec,
  StageSpec,
  TimestampSpec,
} from '../pipeline-spec.ts';
import type { Places } from './source-map.ts';
import { type References, rereader } from './reread.ts';
import { asList, asMap, isMap, own } from '#kit/json-value.ts';
import type { PlainMap } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import type { JsonSchema } from '../json-schema.ts';
import type { Catalog } from '#contract/catalog.ts';
import type { Bus } from '#contract/bus.ts';

/** A checked file's data, references resolved. */
export interface CheckedFile extends References {
  readonly file: string;
  readonly value: unknown;
  readonly places: Places;
  readonly catalog: Catalog;
}

function text(map: PlainMap, name: string): string {
  const value = own(map, name);
  // The schemas ask for it: what has no text here was not checked.
  if (typeof value !== 'string') throw new TypeError(`${name} is not text: the file was not checked`);
  return value;
}

function optional(map: PlainMap, name: string): string | undefined {
  return own(map, name) === undefined ? undefined : text(map, name);
}

/** What the driver gets: neither the connection's name nor the words that every bus shares. */
function without(map: PlainMap, names: readonly string[]): PlainMap {
  return Object.fromEntries(Object.entries(map).filter(([name]) => !names.includes(name)));
}

const SHARED_BY_SOURCES = ['bus', ...Object.keys(sourceWords([]))];
const SHARED_BY_SINKS = ['bus', ...Object.keys(sinkWords([]))];

/** The driver's own options of a connection or an end. */
export function driverOptions(options: PlainMap, kind: 'connection' | 'from' | 'to'): PlainMap {
  return without(options, kind === 'connection' ? ['bus'] : kind === 'from' ? SHARED_BY_SOURCES : SHARED_BY_SINKS);
}

function dedupe(options: PlainMap): DedupeSpec | undefined {
  if (own(options, 'dedupe') === undefined) return undefined;
  const given = asMap(own(options, 'dedupe'));
  const max = own(given, 'max');
  return {
    by: text(given, 'by'),
    compare: own(given, 'compare') === 'by' ? 'by' : DEFAULTS.dedupeCompare,
    windowMs: durationMs(optional(given, 'window') ?? DEFAULTS.dedupeWindow),
    max: typeof max === 'number' ? max : DEFAULTS.dedupeMax,
  };
}

/** The class of a route that was checked. */
export function classOf(route: PlainMap): TrafficClass {
  return CLASS_NAMES.find((name) => name === own(route, 'class')) ?? DEFAULTS.routeClass;
}

/** `expires` of a source that was checked, in either of its forms. */
function expiryOf(from: PlainMap): { readonly afterMs: number; readonly isOfPublisher: boolean } | undefined {
  const given = own(from, 'expires');
  if (given === undefined) return undefined;
  const isOfPublisher = isMap(given);
  return { afterMs: durationMs(isOfPublisher ? text(given, 'after') : text(from, 'expires')), isOfPublisher };
}

/** `timestamp` of a source that was checked, in either of its forms. */
function timestampOf(from: PlainMap): TimestampSpec | undefined {
  const given = own(from, 'timestamp');
  if (given === undefined) return undefined;
  if (!isMap(given)) return { of: text(from, 'timestamp'), unit: undefined };
  return { of: text(given, 'of'), unit: TIME_UNITS.find((unit) => unit === own(given, 'unit')) };
}

function source(options: PlainMap, bus: string, trafficClass: TrafficClass): SourceSpec {
  const expires = expiryOf(options);
  const maxBody = optional(options, 'maxBody');
  const maxHops = own(options, 'maxHops');
  const window = asMap(own(options, 'window'));
  const messages = own(window, 'messages');
  return {
    connection: text(options, 'bus'),
    bus,
    options: driverOptions(options, 'from'),
    grade: optional(options, 'grade'),
    codec: optional(options, 'codec'),
    key: optional(options, 'key'),
    id: optional(options, 'id'),
    sequence: optional(options, 'sequence'),
    timestamp: timestampOf(options),
    expiresMs: expires?.afterMs,
    expiresOfPublisher: expires?.isOfPublisher ?? false,
    dedupe: dedupe(options),
    maxBodyBytes: maxBody === undefined ? undefined : sizeBytes(maxBody),
    maxHops: typeof maxHops === 'number' ? maxHops : DEFAULTS.maxHops,
    window: {
      messages: typeof messages === 'number' ? messages : defaultWindow(trafficClass),
      bytes: sizeBytes(optional(window, 'bytes') ?? DEFAULTS.windowBytes),
    },
  };
}

function defaultWindow(trafficClass: TrafficClass): number {
  return trafficClass === 'telemetry' ? DEFAULTS.telemetryWindowMessages : DEFAULTS.windowMessages;
}

/** The sink's option that holds the address template: the first that is given, else the first. */
export function addressOptionOf(bus: Bus, to: PlainMap): string {
  return bus.addressOptions.find((name) => own(to, name) !== undefined) ?? bus.addressOptions[0];
}

function sink(options: PlainMap, bus: Bus): SinkSpec {
  return {
    connection: text(options, 'bus'),
    bus: bus.name,
    options: driverOptions(options, 'to'),
    grade: optional(options, 'grade'),
    codec: optional(options, 'codec'),
    address: optional(options, addressOptionOf(bus, options)) ?? '',
    headers: headers(asMap(own(options, 'headers'))),
  };
}

function headers(words: PlainMap): HeadersSpec {
  const set = Object.entries(asMap(own(words, 'set')));
  const unspellable = own(words, 'unspellable');
  return {
    set: new Map(set.map(([name, template]) => [name, String(template)])),
    drop: asList(own(words, 'drop')).map(String),
    unspellable: UNSPELLABLE.find((word) => word === unspellable) ?? DEFAULTS.unspellable,
  };
}

function deadLetter(options: PlainMap, bus: Bus | undefined): DeadLetterSpec {
  const local = bus === undefined ? options : {};
  const max = own(local, 'max');
  const bounds = {
    max: typeof max === 'number' ? max : DEFAULTS.lettersMax,
    bytes: sizeBytes(optional(local, 'bytes') ?? DEFAULTS.lettersBytes),
    ageMs: durationMs(optional(local, 'age') ?? DEFAULTS.lettersAge),
    full: optional(local, 'full') === 'oldest' ? 'oldest' : DEFAULTS.lettersFull,
  } as const;
  if (bus === undefined) return { bounds, to: undefined };
  const address = optional(options, addressOptionOf(bus, options)) ?? '';
  const to = { connection: text(options, 'bus'), bus: bus.name, options: driverOptions(options, 'to'), address };
  return { bounds, to };
}

/** `100ms..10s` in milliseconds. */
export function parseBackoff(written: string): RetrySpec['backoff'] {
  const [first = '', cap = ''] = written.split('..');
  return { firstMs: durationMs(first), capMs: durationMs(cap) };
}

function retry(options: PlainMap): RetrySpec {
  const attempts = own(options, 'attempts');
  return {
    attempts: typeof attempts === 'number' ? attempts : DEFAULTS.attempts,
    backoff: parseBackoff(optional(options, 'backoff') ?? DEFAULTS.backoff),
    networkMs: durationMs(optional(options, 'network') ?? DEFAULTS.networkRetry),
  };
}

function json(options: PlainMap): JsonSpec {
  return { numbers: JSON_NUMBERS.find((name) => name === own(options, 'numbers')) };
}

function spool(route: PlainMap): SpoolSpec | undefined {
  if (own(route, 'spool') === undefined) return undefined;
  const given = asMap(own(route, 'spool'));
  return { maxBytes: sizeBytes(text(given, 'max')), at: optional(given, 'at') };
}

/** Makes the spec of a file without errors. Throws TypeError on one that was not checked. */
export function buildSpec({ file, value, places, catalog, ...references }: CheckedFile): PipelineSpec {
  const schemas = new Map<string, JsonSchema>(references.pieces.map(({ pointer, schema }) => [pointer, schema]));
  const filled = (pointer: string, options: unknown): PlainMap =>
    mapWithDefaults(asMap(options), schemas.get(pointer) ?? {});
  const connections = new Map<string, ConnectionSpec>();
  for (const [name, options] of Object.entries(asMap(own(asMap(value), 'buses')))) {
    const at = pointerTo('/buses', name);
    const all = filled(at, options);
    const given = driverOptions(all, 'connection');
    const reread = rereader(at, given, references);
    connections.set(name, { name, bus: text(all, 'bus'), options: given, ...(reread !== undefined && { reread }) });
  }
  const busOf = (end: PlainMap): Bus => {
    const bus = catalog.buses.get(connections.get(text(end, 'bus'))?.bus ?? '');
    if (bus === undefined) throw new TypeError('the bus is not in the catalog: the file was not checked against it');
    return bus;
  };
  const stage = (pointer: string, item: unknown, position: number): StageSpec => {
    const kind = stageKind(item, catalog);
    if (kind === undefined) throw new TypeError('the stage is not in the catalog: the file was not checked against it');
    const { verb } = kind;
    const all = filled(pointer, item);
    const name = kind.names === undefined ? String(position + 1) : text(all, verb);
    const { line, column } = places.of(pointer);
    const place = `${file}:${line}:${column}`;
    return { verb, kind, name, value: own(all, verb), options: without(all, [verb]), place };
  };
  const route = (item: unknown, index: number): RouteSpec => {
    const at = pointerTo('/routes', index);
    const all = asMap(item);
    const from = filled(pointerTo(at, 'from'), own(all, 'from'));
    const to = filled(pointerTo(at, 'to'), own(all, 'to'));
    const letters = filled(pointerTo(at, 'deadLetter'), own(all, 'deadLetter'));
    const drain = optional(all, 'drain');
    return {
      name: text(all, 'name'),
      class: classOf(all),
      from: source(from, busOf(from).name, classOf(all)),
      stages: asList(own(all, 'stages')).map((stageItem, position) =>
        stage(pointerTo(at, 'stages', position), stageItem, position),
      ),
      to: sink(to, busOf(to)),
      json: json(asMap(own(all, 'json'))),
      retry: retry(asMap(own(all, 'retry'))),
      deadLetter: deadLetter(letters, Object.hasOwn(letters, 'bus') ? busOf(letters) : undefined),
      drainPerSecond: drain === undefined ? undefined : perSecond(drain),
      spool: spool(all),
      watchdogMs: durationMs(optional(all, 'watchdog') ?? DEFAULTS.watchdog),
    };
  };
  return { name: text(asMap(value), 'name'), connections, routes: asList(own(asMap(value), 'routes')).map(route) };
}
