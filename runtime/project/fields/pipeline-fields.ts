import { UNSPELLABLE } from '#contract/carried-headers.ts';
import { CLASS_NAMES, CLASSES } from '#contract/traffic-class.ts';
import { DURATION_PATTERN, RATE_PATTERN, SOME_DURATION_PATTERN, SOME_SIZE_PATTERN } from '#kit/quantity.ts';
import { EXPIRES_SCHEMA } from './expiry-fields.ts';
import { GRADES } from '../explain/grades.ts';
import { PROMISE_SCHEMA, SPOOL_SCHEMA } from './route-fields.ts';
import { TIMESTAMP_SCHEMA } from './timestamp-fields.ts';
import { DEFAULTS } from './field-defaults.ts';
import type { JsonSchema } from '../json-schema.ts';

/** `fleet`, `forward-gateway`: pipelines and routes; their names go into client ids, durable names, traces and metrics. */
const NAME_PATTERN = '^[a-z][a-z0-9-]*$';
const CONNECTION_PATTERN = '^[A-Za-z][A-Za-z0-9_-]*$';
/** `owntracks-location.v1`: files in `functions/` and `schemas/`, without their ending. */
export const FILE_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]*$';
const BACKOFF_PATTERN = `${DURATION_PATTERN.slice(0, -1)}\\.\\.${DURATION_PATTERN.slice(1)}`;
/** A token, as HTTP has it: no bus reads a part of such a name as something else. */
const HEADER_NAME: JsonSchema = {
  pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
  maxLength: 255,
  description: "a header name of 1 to 255 letters, digits and ! # $ % & ' * + - . ^ _ ` | ~",
  examples: ['origin'],
};

export { DEFAULTS };

/** Stands for a part of the file that its own schema judges: the checker compares by identity. */
export const JUDGED_APART: JsonSchema = { type: 'object' };

const template = (description: string, example: string): JsonSchema => ({
  type: 'string',
  minLength: 1,
  description,
  examples: [example],
});

function codec(codecs: Iterable<string>): JsonSchema {
  return {
    type: 'string',
    enum: [...codecs],
    description: 'How bytes become a body and back. Default: by content type, else json.',
  };
}

/** `retry` of a route. */
export const RETRY_SCHEMA: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  description: 'What happens to a message that fails. "The sink is down" never counts against a message.',
  properties: {
    attempts: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: DEFAULTS.attempts,
      description: 'Tries before the dead letter, the first included.',
    },
    backoff: {
      type: 'string',
      pattern: BACKOFF_PATTERN,
      formatMaximum: '1d',
      default: DEFAULTS.backoff,
      description: 'First and longest wait between tries; doubles in between.',
    },
    network: {
      type: 'string',
      format: 'duration',
      pattern: DURATION_PATTERN,
      formatMaximum: '1d',
      default: DEFAULTS.networkRetry,
      description: 'How long tries go on at the least where a function does not reach something over the network.',
    },
  },
};

const DEDUPE_SCHEMA: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['by'],
  description: 'Passes one of several messages that a publisher sent more than once.',
  properties: {
    by: template('Template of what the repetitions have in common.', '{header.msgid}'),
    compare: {
      type: 'string',
      enum: ['content', 'by'],
      default: DEFAULTS.dedupeCompare,
      description:
        'content: only what also has the same body, key and address is a repetition; a publisher that begins anew uses its ids again. by: whatever else they hold.',
    },
    window: {
      type: 'string',
      pattern: SOME_DURATION_PATTERN,
      formatMaximum: '365d',
      default: DEFAULTS.dedupeWindow,
      description: 'How long a message is remembered after it was settled.',
    },
    max: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000,
      default: DEFAULTS.dedupeMax,
      description: 'How many are remembered; beyond it the oldest is forgotten.',
    },
  },
};

const GRADE_SCHEMA: JsonSchema = {
  type: 'string',
  enum: GRADES.slice(1),
  description:
    'What this end keeps because its server is set up so, where that is more than the driver can know: sync_interval: always, replicas. Taken at its word.',
};

const HEADERS_SCHEMA: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  description: 'What goes out beside the headers of the source message, which are carried on without being named.',
  properties: {
    set: {
      type: 'object',
      description:
        'Headers to add, or to write in place of those of the message, each a template. content-type, in any spelling, is the content type of the message.',
      propertyNames: HEADER_NAME,
      additionalProperties: template('Template of the header value.', '{key}'),
      examples: [{ origin: '{route}' }],
    },
    drop: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      description:
        'Headers of the message that are not carried on, by name as the source bus spells it. content-type, in any spelling, is the content type of the message.',
      examples: [['kafka_dlt-exception-stacktrace']],
    },
    unspellable: {
      type: 'string',
      enum: [...UNSPELLABLE],
      default: DEFAULTS.unspellable,
      description:
        'What becomes of a header that the bus of the sink cannot spell. encode: it travels in the header carried-headers, and the next bridge puts it back. drop: it does not travel. reject: the message is a dead letter.',
    },
  },
};

/** The words that every source has, whatever its bus. */
export function sourceWords(codecs: Iterable<string>): Readonly<Record<string, JsonSchema>> {
  return {
    key: template('Template of the ordering key: messages of one key and address keep their order.', '{body.unit}'),
    id: template('Template of the message id. The identity of the source always stands before it.', '{header.msgid}'),
    expires: EXPIRES_SCHEMA,
    window: {
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
    maxBody: {
      type: 'string',
      pattern: SOME_SIZE_PATTERN,
      // No text of the JavaScript engine is longer.
      formatMaximum: '512MiB',
      description: `The largest body that is decoded; a larger one is a dead letter. Default: ${DEFAULTS.maxBody} where anything on the route looks at the body, else any.`,
      examples: [DEFAULTS.maxBody],
    },
    maxHops: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: DEFAULTS.maxHops,
      description:
        'How many routes a message may pass, of all bridges on its way; one that comes round is a dead letter.',
    },
    sequence: template(
      'Template of a number, or of a time (RFC 3339), that grows with each message of a key. Who comes with a lower one than was sent last is stale; the class says what becomes of it.',
      '{body.sequence}',
    ),
    timestamp: TIMESTAMP_SCHEMA,
    dedupe: DEDUPE_SCHEMA,
    grade: GRADE_SCHEMA,
    codec: codec(codecs),
  };
}

/** The words that every sink has, whatever its bus. */
export function sinkWords(codecs: Iterable<string>): Readonly<Record<string, JsonSchema>> {
  return {
    grade: GRADE_SCHEMA,
    codec: codec(codecs),
    headers: HEADERS_SCHEMA,
  };
}

/** The frame of a pipeline file; its parts depend on who reads it. */
export function fileSchema(parts: {
  readonly connection: JsonSchema;
  readonly source: JsonSchema;
  readonly sink: JsonSchema;
  readonly stage: JsonSchema;
  readonly json: JsonSchema;
  readonly retry: JsonSchema;
  readonly letters: readonly JsonSchema[];
}): JsonSchema {
  return {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'buses', 'routes'],
    properties: {
      name: {
        type: 'string',
        pattern: NAME_PATTERN,
        maxLength: 64,
        description: 'Name of the pipeline, also the service name in traces.',
        examples: ['fleet'],
      },
      buses: {
        type: 'object',
        minProperties: 1,
        propertyNames: {
          pattern: CONNECTION_PATTERN,
          description: 'a name of letters, digits, - and _ that starts with a letter',
          examples: ['field'],
        },
        additionalProperties: parts.connection,
        description: 'Named connections. Any number of routes may use one.',
      },
      routes: {
        type: 'array',
        minItems: 1,
        items: routeSchema(parts),
        description: 'Each carries messages from one source to one sink.',
      },
    },
  };
}

function routeSchema(parts: {
  readonly source: JsonSchema;
  readonly sink: JsonSchema;
  readonly stage: JsonSchema;
  readonly json: JsonSchema;
  readonly retry: JsonSchema;
  readonly letters: readonly JsonSchema[];
}): JsonSchema {
  return {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'from', 'to'],
    properties: {
      name: {
        type: 'string',
        pattern: NAME_PATTERN,
        maxLength: 64,
        description: 'Unique in the file.',
        examples: ['positions'],
      },
      class: {
        type: 'string',
        enum: [...CLASS_NAMES],
        default: DEFAULTS.routeClass,
        description: `What matters while the sink is slow or away. ${CLASS_NAMES.map((name) => `${name}: ${CLASSES[name].use}`).join('. ')}.`,
      },
      from: parts.source,
      stages: {
        type: 'array',
        items: parts.stage,
        default: [],
        examples: [[{ validate: 'track.v1' }]],
        description: 'One verb each, in order.',
      },
      to: parts.sink,
      json: parts.json,
      retry: parts.retry,
      drain: {
        type: 'string',
        pattern: RATE_PATTERN,
        description:
          'How fast a backlog is sent after an outage or a start, in messages. Default: as fast as the sink takes it.',
        examples: ['500/s'],
      },
      promise: PROMISE_SCHEMA,
      spool: SPOOL_SCHEMA,
      deadLetter: {
        description: 'Where messages go that can never succeed: the local store, or a bus.',
        default: DEFAULTS.deadLetter,
        anyOf: [{ type: 'string', enum: [DEFAULTS.deadLetter] }, ...parts.letters],
      },
      watchdog: {
        type: 'string',
        pattern: SOME_DURATION_PATTERN,
        formatMinimum: '100ms',
        formatMaximum: '7d',
        format: 'duration',
        default: DEFAULTS.watchdog,
        description:
          'How long messages may be held and none end before the route counts as stalled: /readyz says so, and what it waits for.',
      },
    },
  };
}
