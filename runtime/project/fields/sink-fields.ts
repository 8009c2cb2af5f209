import { UNSPELLABLE, type Unspellable } from '#contract/carried-headers.ts';
import { asList, asMap, own } from '#kit/json-value.ts';
import { checkHeaders } from '../check/check-headers.ts';
import type { JsonSchema } from '../json-schema.ts';
import { field, type Parsed } from './field.ts';
import { DEFAULTS } from './field-defaults.ts';
import { GRADE_SCHEMA, OF_CATALOG, template } from './shared-schemas.ts';
import { optional } from './values.ts';

/** What becomes of headers on the way out. */
export interface HeadersSpec {
  /** Names to templates. */
  readonly set: ReadonlyMap<string, string>;
  /** Of the message, not carried on. */
  readonly drop: readonly string[];
  readonly unspellable: Unspellable;
}

/** A token, as HTTP has it: no bus reads a part of such a name as something else. */
const HEADER_NAME: JsonSchema = {
  pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
  maxLength: 255,
  description: "a header name of 1 to 255 letters, digits and ! # $ % & ' * + - . ^ _ ` | ~",
  examples: ['origin'],
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

/** The words that every sink has, whatever its bus. */
export const SINK_FIELDS = {
  grade: field({
    schema: GRADE_SCHEMA,
    parse: (to) => ({ grade: optional(to, 'grade') }),
    doc: '`grade`: as of a source.',
  }),
  codec: field({
    schema: OF_CATALOG,
    parse: (to) => ({ codec: optional(to, 'codec') }),
    doc: "`codec`: as the source's unless said otherwise.",
  }),
  headers: field({
    schema: HEADERS_SCHEMA,
    parse(to): { readonly headers: HeadersSpec } {
      const words = asMap(own(to, 'headers'));
      const set = Object.entries(asMap(own(words, 'set')));
      return {
        headers: {
          set: new Map(set.map(([name, text]) => [name, String(text)])),
          drop: asList(own(words, 'drop')).map(String),
          unspellable: UNSPELLABLE.find((word) => word === own(words, 'unspellable')) ?? DEFAULTS.unspellable,
        },
      };
    },
    check: checkHeaders,
    doc: "`headers: { set: { NAME: TEMPLATE }, drop: [NAME], unspellable: encode | drop | reject }`: headers to add and to leave out. Those of the source's message are carried on by themselves; `msgid`, `seclabel`, `traceparent`, `tracestate`, `expirytime`, `replayed`, `stale`, `sluice-hops` and `carried-headers` are the runtime's own and refused here, in any spelling. `content-type` is the content type of the message. See [headers](headers.md).",
  }),
} as const;

export type SinkFieldValues = Parsed<typeof SINK_FIELDS>;
