import { CLASSES } from '#contract/traffic-class.ts';
import { asMap, own } from '#kit/json-value.ts';
import { sizeBytes, SOME_SIZE_PATTERN } from '#kit/quantity.ts';
import { checkCodec } from '../check/check-codec.ts';
import { checkExpiry } from '../check/check-expiry.ts';
import { countsFrom } from '../explain/expiry-clock.ts';
import { seconds } from '../explain/seconds.ts';
import { parseCodec } from './codec-fields.ts';
import { DEDUPE_FIELDS, DEDUPE_SCHEMA, onRepetition, parseDedupe } from './dedupe.ts';
import { EVENT_SOURCE_FIELD } from './event-fields.ts';
import { EXPIRES_FIELDS, EXPIRES_SCHEMA, parseExpires } from './expiry-fields.ts';
import { type Field, field, type Parsed, parseMap } from './field.ts';
import { DEFAULTS } from './field-defaults.ts';
import { BINDING_FIELDS, BINDING_SCHEMA, parseBinding } from './binding-fields.ts';
import { LABEL_SCHEMA } from './label-fields.ts';
import { GRADE_SCHEMA, OF_CATALOG, template } from './shared-schemas.ts';
import { parseTimestamp, TIMESTAMP_FIELDS, TIMESTAMP_SCHEMA } from './timestamp-fields.ts';
import { numberOr, optional } from './values.ts';
import { type SourceContext, WINDOW_FIELDS, WINDOW_SCHEMA } from './window-fields.ts';

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
    parse: parseExpires,
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
    doc: '`expires`: how long a message may still be sent after it was made. A message past it becomes a dead letter, and a shorter expiry that the bus carries wins. `check` says from which time it counts, and what bounds the age of a message that has no time ([classes](classes.md)). It is a duration, or a map such as `{ after: 30s, of: publisher }`:',
    fields: EXPIRES_FIELDS,
  }),
  window: sourceField({
    schema: WINDOW_SCHEMA,
    parse: (from, context) => ({ window: parseMap(WINDOW_FIELDS, asMap(own(from, 'window')), context) }),
    doc: "`window`: how much may be unsettled at once. It also sets the client's prefetch.",
    fields: WINDOW_FIELDS,
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
  traceContext: sourceField({
    schema: {
      enum: ['trust', 'link', 'ignore'],
      description:
        'What a trace context in the headers of a message is worth: trust continues its trace, link begins a trace of its own that is linked to it, ignore does not read it. Default: trust; link on a route with a guard.',
    },
    parse(from) {
      const traceContext = optional(from, 'traceContext');
      /** Undefined: `link` on a route with a guard, else `trust`. */
      return { traceContext: isTrust(traceContext) ? traceContext : undefined };
    },
    doc: '`traceContext`: what a trace context in the headers of a message (`traceparent`) is worth. `trust` continues its trace; `link` begins a trace of its own that is linked to it; `ignore` does not read it. `trust` unless said otherwise, `link` on a route with a guard. Publishers that nobody trusts can make every message sampled, or join it to a trace of another one: `link` or `ignore` is right for them. See [Traces](tracing.md).',
  }),
  sequence: sourceField({
    schema: template(
      'Template of a number, or of a time (RFC 3339), that grows with each message of a key. A message with a lower one than the last one sent is stale; the class says what becomes of it.',
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
    parse: parseTimestamp,
    doc: '`timestamp`: template of the time at which the message was made, where the bus has none or the publisher\'s own counts. Expiry counts from it. The time is RFC 3339 or milliseconds since 1970; numbers in another unit need a map such as `{ of: "{body.ts}", unit: s }`. See [times and numbers](#times-and-numbers).',
    fields: TIMESTAMP_FIELDS,
  }),
  dedupe: sourceField({
    schema: DEDUPE_SCHEMA,
    parse: parseDedupe,
    explain: ({ dedupe }, route) => ({ 'a publisher repeats itself': onRepetition(dedupe, route) }),
    doc: '`dedupe`: passes one of several messages that a publisher sent more than once.',
    fields: DEDUPE_FIELDS,
  }),
  missingLabel: sourceField({
    schema: {
      ...LABEL_SCHEMA,
      description:
        'The label of a message that has none, or reject: it is blocked. Only beside labels. Default: reject.',
      examples: ['reject'],
    },
    parse(from) {
      const given = optional(from, 'missingLabel');
      /** Undefined: a message without a label is blocked. */
      return { assumedLabel: given === 'reject' ? undefined : given };
    },
    doc: '`missingLabel`: beside [`labels`](labels.md), the label that a message without one is taken to have, or `reject`, the default: it is blocked (`LABEL_MISSING`).',
  }),
  binding: sourceField({
    schema: BINDING_SCHEMA,
    parse: parseBinding,
    doc: '`binding`: beside [`labels`](labels.md#bindings), the keys by which the labels of messages are signed.',
    fields: BINDING_FIELDS,
  }),
  grade: sourceField({
    schema: GRADE_SCHEMA,
    parse: (from) => ({ grade: optional(from, 'grade') }),
    doc: '`grade`: what the server of this end keeps because it is set up so, where that is more than the driver can know (`G3` for `sync_interval: always`, `G4` for replicas). Taken at its word by `explain` and `promise`. Sinks have it too.',
  }),
  codec: sourceField({
    schema: OF_CATALOG,
    parse: (from) => ({ codec: parseCodec(from) }),
    check: checkCodec('from'),
    doc: '`codec`: `json`, `text`, `bytes`, `cbor` or `msgpack`, or with a schema `{ avro: track.v1 }`, `{ protobuf: fleet.v1, message: fleet.Track }`. By content type, else json, unless said otherwise. See [codecs](codecs.md).',
  }),
  cloudevents: EVENT_SOURCE_FIELD,
} as const;

export type SourceFieldValues = Parsed<typeof SOURCE_FIELDS>;

function isTrust(value: string | undefined): value is 'trust' | 'link' | 'ignore' {
  return value === 'trust' || value === 'link' || value === 'ignore';
}
