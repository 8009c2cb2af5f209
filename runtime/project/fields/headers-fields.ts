import { UNSPELLABLE } from '#contract/carried-headers.ts';
import { asList, asMap, own } from '#kit/json-value.ts';
import type { JsonSchema } from '../json-schema.ts';
import { mapSchema, nestedField, type Parsed } from './field.ts';
import { DEFAULTS } from './field-defaults.ts';
import { template } from './shared-schemas.ts';

/** A token as in HTTP: no bus has a syntax in which part of such a name means something else. */
const HEADER_NAME: JsonSchema = {
  pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
  maxLength: 255,
  description: "a header name of 1 to 255 letters, digits and ! # $ % & ' * + - . ^ _ ` | ~",
  examples: ['origin'],
};

/** `headers` of a sink. */
export const HEADERS_FIELDS = {
  set: nestedField({
    schema: {
      type: 'object',
      description:
        'Headers to add, or to write in place of those of the message, each a template. content-type, in any spelling, is the content type of the message.',
      propertyNames: HEADER_NAME,
      additionalProperties: template('Template of the header value.', '{key}'),
      examples: [{ origin: '{route}' }],
    },
    /** Names to templates. */
    parse(headers): { readonly set: ReadonlyMap<string, string> } {
      const set = Object.entries(asMap(own(headers, 'set')));
      return { set: new Map(set.map(([name, text]) => [name, String(text)])) };
    },
    doc: '`set: { NAME: TEMPLATE }`: headers to add, or to write in place of those of the message.',
  }),
  drop: nestedField({
    schema: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      description:
        'Headers of the message that are not carried on, by name as the source bus spells it. content-type, in any spelling, is the content type of the message.',
      examples: [['kafka_dlt-exception-stacktrace']],
    },
    parse: (headers): { readonly drop: readonly string[] } => ({ drop: asList(own(headers, 'drop')).map(String) }),
    doc: '`drop: [NAME]`: headers of the message that are not carried on, by name as the bus of the source spells it.',
  }),
  unspellable: nestedField({
    schema: {
      type: 'string',
      enum: [...UNSPELLABLE],
      default: DEFAULTS.unspellable,
      description:
        'What becomes of a header that the bus of the sink cannot spell. encode: it travels in the header carried-headers, and the next bridge puts it back. drop: it does not travel. reject: the message is a dead letter.',
    },
    parse: (headers) => ({
      unspellable: UNSPELLABLE.find((word) => word === own(headers, 'unspellable')) ?? DEFAULTS.unspellable,
    }),
    doc: '`unspellable: encode | drop | reject`: the rule for a header that the bus of the sink cannot spell. With `encode` (default) it travels in the header `carried-headers`, and the next bridge puts it back. With `drop` it does not travel. With `reject` the message is a dead letter.',
  }),
} as const;

export type HeadersSpec = Readonly<Parsed<typeof HEADERS_FIELDS>>;

export const HEADERS_SCHEMA = mapSchema(HEADERS_FIELDS, {
  description: 'What goes out beside the headers of the source message, which are carried on without being named.',
});
