import { CLASSES, type TrafficClass } from '#contract/traffic-class.ts';
import { asMap, isMap, own } from '#kit/json-value.ts';
import { durationMs, sizeBytes, SOME_SIZE_PATTERN } from '#kit/quantity.ts';
import { TIME_UNITS, type TimeUnit } from '#kit/time-unit.ts';
import { checkExpiry } from '../check/check-expiry.ts';
import { countsFrom } from '../explain/expiry-clock.ts';
import { seconds } from '../explain/seconds.ts';
import { DEDUPE_SCHEMA, type DedupeSpec, onRepetition } from './dedupe.ts';
import { EXPIRES_SCHEMA } from './expiry-fields.ts';
import { type Field, field, type Parsed } from './field.ts';
import { DEFAULTS } from './field-defaults.ts';
import { GRADE_SCHEMA, OF_CATALOG, template } from './shared-schemas.ts';
import { TIMESTAMP_SCHEMA } from './timestamp-fields.ts';
import { numberOr, optional, text } from './values.ts';

export interface TimestampSpec {
  /** Template. */
  readonly of: string;
  /** Of its numbers; undefined where the file states none: milliseconds, and only plausible ones. */
  readonly unit: TimeUnit | undefined;
}

export interface SourceContext {
  readonly trafficClass: TrafficClass;
}

const sourceField = <Spec extends object>(entry: Field<Spec, SourceContext>) => field<Spec, SourceContext>(entry);

/** The words that every source has, whatever its bus. */
export const SOURCE_FIELDS = {
  key: sourceField({
    schema: template('Template of the ordering key: messages of one key and address keep their order.', '{body.unit}'),
    parse: (from) => ({ key: optional(from, 'key') }),
    doc: '`key`: template of the ordering key. Messages of one key and address keep their order, retries and reconnects included; other keys go on meanwhile.',
  }),
  id: sourceField({
    schema: template(
      'Template of the message id. The identity of the source always stands before it.',
      '{header.msgid}',
    ),
    parse: (from) => ({ id: optional(from, 'id') }),
    doc: '`id`: template of the message id, for removing duplicates. The identity of the source (pipeline, route, bus) always stands before it.',
  }),
  expires: sourceField({
    schema: EXPIRES_SCHEMA,
    parse(from) {
      const given = own(from, 'expires');
      /** Whether only the publisher's time counts for it: a message without one is not sent. */
      const expiresOfPublisher = isMap(given);
      const after = isMap(given) ? text(given, 'after') : optional(from, 'expires');
      return { expiresMs: after === undefined ? undefined : durationMs(after), expiresOfPublisher };
    },
    check: checkExpiry,
    explain({ expiresMs, expiresOfPublisher }, { class: trafficClass, source, timestamp }) {
      const clock = {
        stamps: source.stamps,
        isNamed: timestamp !== undefined,
        unit: timestamp?.unit ?? 'ms',
        isOfPublisher: expiresOfPublisher,
      };
      const ours =
        expiresMs === undefined
          ? 'only where the bus or a header says so'
          : `after ${seconds(expiresMs)}, or earlier where the bus says so, counted from ${countsFrom(clock)}`;
      const end = CLASSES[trafficClass].expired === 'counted' ? 'counted' : 'a dead letter (EXPIRED)';
      return { 'a message expires': `${ours}: it is never sent, but ${end}` };
    },
    doc: "`expires`: how long a message may still be sent after it was made. A message past it becomes a dead letter, and a shorter expiry that the bus carries wins. `check` says from which time it counts, and what bounds the age of a message that has no time ([classes](classes.md)). `expires: { after: 30s, of: publisher }` takes the publisher's time alone: a message without one is a dead letter (`TIMESTAMP_MISSING`).",
  }),
  window: sourceField({
    schema: {
      type: 'object',
      additionalProperties: false,
      description: 'How much may be unsettled at once; sets the prefetch of the client.',
      properties: {
        messages: {
          type: 'integer',
          minimum: 1,
          maximum: 65_535,
          description: `Messages unsettled at once. Default: ${DEFAULTS.windowMessages}; for class telemetry ${DEFAULTS.telemetryWindowMessages}.`,
        },
        bytes: {
          type: 'string',
          pattern: SOME_SIZE_PATTERN,
          formatMaximum: '64GiB',
          default: DEFAULTS.windowBytes,
          description: 'Bytes of bodies unsettled at once.',
        },
      },
    },
    parse(from, { trafficClass }) {
      const window = asMap(own(from, 'window'));
      const byClass = trafficClass === 'telemetry' ? DEFAULTS.telemetryWindowMessages : DEFAULTS.windowMessages;
      return {
        window: {
          messages: numberOr(window, 'messages', byClass),
          bytes: sizeBytes(optional(window, 'bytes') ?? DEFAULTS.windowBytes),
        },
      };
    },
    doc: "`window: { messages, bytes }`: how much may be unsettled at once; 256 messages (16384 for class telemetry) and 64MiB unless said otherwise. The same numbers set the client's prefetch.",
  }),
  maxBody: sourceField({
    schema: {
      type: 'string',
      pattern: SOME_SIZE_PATTERN,
      // No text of the JavaScript engine is longer.
      formatMaximum: '512MiB',
      description: `The largest body that is decoded; a larger one is a dead letter. Default: ${DEFAULTS.maxBody} where anything on the route looks at the body, else any.`,
      examples: [DEFAULTS.maxBody],
    },
    parse(from) {
      const maxBody = optional(from, 'maxBody');
      /** Undefined: DEFAULTS.maxBody where anything looks at the body, else none. */
      return { maxBodyBytes: maxBody === undefined ? undefined : sizeBytes(maxBody) };
    },
    doc: '`maxBody`: the largest body that is decoded, `8MiB` unless said otherwise. A larger one is a dead letter (`BODY_TOO_LARGE`) with its original bytes; raise `maxBody` and replay it. Where nothing on the route looks at the body there is no bound, unless the file says one.',
  }),
  maxHops: sourceField({
    schema: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: DEFAULTS.maxHops,
      description:
        'How many routes a message may pass, of all bridges on its way; one that comes round is a dead letter.',
    },
    parse: (from) => ({ maxHops: numberOr(from, 'maxHops', DEFAULTS.maxHops) }),
    explain({ maxHops }, { source, sink }) {
      const end = `a dead letter (LOOP_DETECTED) once it has passed ${maxHops} routes`;
      const blind = source.carriesHeaders ? (sink.carriesHeaders ? undefined : 'to') : 'from';
      const unnoticed = `it is not noticed here: ${blind} carries no headers, and so no count of routes`;
      return { 'a message runs in a circle': blind === undefined ? end : unnoticed };
    },
    doc: '`maxHops`: how many routes a message may pass, of all bridges on its way, 16 unless said otherwise. One that has passed as many is a dead letter (`LOOP_DETECTED`); a longer chain that is meant needs more. See [loops](headers.md#loops).',
  }),
  sequence: sourceField({
    schema: template(
      'Template of a number, or of a time (RFC 3339), that grows with each message of a key. Who comes with a lower one than was sent last is stale; the class says what becomes of it.',
      '{body.sequence}',
    ),
    parse: (from) => ({ sequence: optional(from, 'sequence') }),
    explain({ sequence }, { class: trafficClass }) {
      const ends = {
        superseded: 'superseded and counted',
        'dead-letter': 'a dead letter (STALE)',
        passed: 'passed on',
        marked: 'passed on with the header stale',
      } as const;
      const isTold = sequence !== undefined;
      return {
        'a message comes late': isTold
          ? ends[CLASSES[trafficClass].stale]
          : 'cannot be told: the source names no sequence',
      };
    },
    doc: '`sequence`: template of a number, or of a time, that grows with each message of a key. A message with a lower one than was sent last of its key is stale; the class says what becomes of it. What is missing, or neither a number in decimal digits nor RFC 3339, is a dead letter (`SEQUENCE_INVALID`).',
  }),
  timestamp: sourceField({
    schema: TIMESTAMP_SCHEMA,
    parse(from): { readonly timestamp: TimestampSpec | undefined } {
      const given = own(from, 'timestamp');
      if (given === undefined) return { timestamp: undefined };
      if (!isMap(given)) return { timestamp: { of: text(from, 'timestamp'), unit: undefined } };
      return { timestamp: { of: text(given, 'of'), unit: TIME_UNITS.find((unit) => unit === own(given, 'unit')) } };
    },
    doc: '`timestamp`: template of the time at which the message was made, where the bus has none or the publisher\'s own counts. Expiry counts from it. RFC 3339, or milliseconds since 1970; `timestamp: { of: "{body.ts}", unit: s }` for numbers in seconds (`s`, with a fraction or without), milliseconds (`ms`), microseconds (`us`) or nanoseconds (`ns`). See [times and numbers](#times-and-numbers).',
  }),
  dedupe: sourceField({
    schema: DEDUPE_SCHEMA,
    parse(from): { readonly dedupe: DedupeSpec | undefined } {
      if (own(from, 'dedupe') === undefined) return { dedupe: undefined };
      const given = asMap(own(from, 'dedupe'));
      return {
        dedupe: {
          by: text(given, 'by'),
          compare: own(given, 'compare') === 'by' ? 'by' : DEFAULTS.dedupeCompare,
          windowMs: durationMs(optional(given, 'window') ?? DEFAULTS.dedupeWindow),
          max: numberOr(given, 'max', DEFAULTS.dedupeMax),
        },
      };
    },
    explain: ({ dedupe }, route) => ({ 'a publisher repeats itself': onRepetition(dedupe, route) }),
    doc: '`dedupe: { by, compare, window, max }`: passes one of several messages that a publisher sent more than once. `by` is a template of what they have in common. `compare: content` (default) takes for a repetition only what also has the same body, key and address; `compare: by` whatever has the same value of `by`. Remembered for `10m` after the settlement, at most 100000 of them.',
  }),
  grade: sourceField({
    schema: GRADE_SCHEMA,
    parse: (from) => ({ grade: optional(from, 'grade') }),
    doc: '`grade`: what the server of this end keeps because it is set up so, where that is more than the driver can know (`G3` for `sync_interval: always`, `G4` for replicas). Taken at its word by `explain` and `promise`. Sinks have it too.',
  }),
  codec: sourceField({
    schema: OF_CATALOG,
    parse: (from) => ({ codec: optional(from, 'codec') }),
    doc: '`codec`: `json`, `text` or `bytes`; by content type, else json, unless said otherwise.',
  }),
} as const;

export type SourceFieldValues = Parsed<typeof SOURCE_FIELDS>;
