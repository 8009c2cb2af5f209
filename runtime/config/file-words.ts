import { DURATION_PATTERN } from '#kit/quantity.ts';
import type { JsonSchema } from './vocabulary.ts';

/** `fleet`, `forward-gateway`: pipelines and routes; their names go into client ids, durable names, traces and metrics. */
const NAME_PATTERN = '^[a-z][a-z0-9-]*$';
const CONNECTION_PATTERN = '^[A-Za-z][A-Za-z0-9_-]*$';
/** `owntracks-location.v1`: files in `functions/` and `schemas/`, without their ending. */
export const FILE_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]*$';
/** Longer than nothing: what expires at once is never sent, and a bound of nothing never reads. */
const SOME_DURATION_PATTERN = '^0*[1-9][0-9]*(ms|s|m|h|d)$';
const SOME_SIZE_PATTERN = '^0*[1-9][0-9]*(B|KiB|MiB|GiB)$';
const BACKOFF_PATTERN = `${DURATION_PATTERN.slice(0, -1)}\\.\\.${DURATION_PATTERN.slice(1)}`;
const HEADER_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]*$';

export const DEFAULTS = {
  windowMessages: 256,
  windowBytes: '64MiB',
  attempts: 5,
  backoff: '100ms..10s',
  routeClass: 'event',
  deadLetter: 'local',
  lettersMax: 100_000,
  lettersBytes: '1GiB',
  lettersAge: '30d',
  lettersFull: 'pause',
  watchdog: '30s',
} as const;

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
      default: DEFAULTS.backoff,
      description: 'First and longest wait between tries; doubles in between.',
    },
  },
};

/** `deadLetter` of a route as a map without a bus: how much the local store keeps. */
export const LOCAL_LETTERS_SCHEMA: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  description: 'How many dead letters of this route the local store keeps, and what happens at that bound.',
  properties: {
    max: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000_000,
      default: DEFAULTS.lettersMax,
      description: 'Letters kept.',
    },
    bytes: {
      type: 'string',
      pattern: SOME_SIZE_PATTERN,
      default: DEFAULTS.lettersBytes,
      description: 'Bytes of bodies, headers and error texts kept.',
    },
    age: {
      type: 'string',
      pattern: SOME_DURATION_PATTERN,
      format: 'duration',
      default: DEFAULTS.lettersAge,
      description: 'How long a letter is kept; then it is removed, counted and logged.',
    },
    full: {
      type: 'string',
      enum: ['pause', 'oldest'],
      default: DEFAULTS.lettersFull,
      description: 'At the bound: pause, the route waits for room; oldest, the oldest letter gives way.',
    },
  },
};

/** The words that every source has, whatever its bus. */
export function sourceWords(codecs: Iterable<string>): Readonly<Record<string, JsonSchema>> {
  return {
    key: template('Template of the ordering key: messages of one key and address keep their order.', '{body.unit}'),
    id: template('Template of the message id. The identity of the source always stands before it.', '{header.msgid}'),
    expires: {
      type: 'string',
      pattern: SOME_DURATION_PATTERN,
      description:
        'How long after it was made, or else read, a message may still be sent. A shorter expiry that the bus carries wins.',
      examples: ['30s'],
    },
    window: {
      type: 'object',
      additionalProperties: false,
      description: 'How much may be unsettled at once; sets the prefetch of the client.',
      properties: {
        messages: {
          type: 'integer',
          minimum: 1,
          maximum: 65_535,
          default: DEFAULTS.windowMessages,
          description: 'Messages unsettled at once.',
        },
        bytes: {
          type: 'string',
          pattern: SOME_SIZE_PATTERN,
          default: DEFAULTS.windowBytes,
          description: 'Bytes of bodies unsettled at once.',
        },
      },
    },
    codec: codec(codecs),
  };
}

/** The words that every sink has, whatever its bus. */
export function sinkWords(codecs: Iterable<string>): Readonly<Record<string, JsonSchema>> {
  return {
    codec: codec(codecs),
    headers: {
      type: 'object',
      description: 'Headers to add, each a template. Headers of the source frame are carried on without being named.',
      propertyNames: { pattern: HEADER_PATTERN },
      additionalProperties: template('Template of the header value.', '{key}'),
    },
  };
}

/** The frame of a pipeline file; its parts depend on who reads it. */
export function fileSchema(parts: {
  readonly connection: JsonSchema;
  readonly source: JsonSchema;
  readonly sink: JsonSchema;
  readonly stage: JsonSchema;
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
        propertyNames: { pattern: CONNECTION_PATTERN },
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
        enum: [DEFAULTS.routeClass],
        default: DEFAULTS.routeClass,
        description: 'Traffic class: what matters while the sink is slow or away.',
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
      retry: parts.retry,
      deadLetter: {
        description: 'Where messages go that can never succeed: the local store, or a bus.',
        default: DEFAULTS.deadLetter,
        anyOf: [{ type: 'string', enum: [DEFAULTS.deadLetter] }, ...parts.letters],
      },
      watchdog: {
        type: 'string',
        pattern: SOME_DURATION_PATTERN,
        format: 'duration',
        default: DEFAULTS.watchdog,
        description:
          'How long messages may be held and none end before the route counts as stalled: /readyz says so, and what it waits for.',
      },
    },
  };
}
