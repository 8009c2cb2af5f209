import { asMap, own } from '#kit/json-value.ts';
import { checkCodec } from '../check/check-codec.ts';
import { checkHeaders } from '../check/check-headers.ts';
import { parseSign, SIGN_FIELDS, SIGN_SCHEMA } from './binding-fields.ts';
import { parseCodec } from './codec-fields.ts';
import { EVENT_SINK_FIELD } from './event-fields.ts';
import { field, type Parsed, parseMap } from './field.ts';
import { HEADERS_FIELDS, HEADERS_SCHEMA, type HeadersSpec } from './headers-fields.ts';
import { GRADE_SCHEMA, OF_CATALOG } from './shared-schemas.ts';
import { optional } from './values.ts';

/** The words that every sink has, whatever its bus. */
export const SINK_FIELDS = {
  when: field({
    schema: {
      type: 'string',
      minLength: 1,
      description: 'Expression: only a message for which it is true goes to this sink.',
      examples: ["body.kind == 'alert'"],
    },
    parse: (to) => ({ when: optional(to, 'when') }),
    doc: '`when`: an expression. Only a message for which it is true goes to this sink; one that no sink takes is dropped and counted. See [expressions](expressions.md).',
  }),
  grade: field({
    schema: GRADE_SCHEMA,
    parse: (to) => ({ grade: optional(to, 'grade') }),
    doc: '`grade`: as of a source.',
  }),
  codec: field({
    schema: OF_CATALOG,
    parse: (to) => ({ codec: parseCodec(to) }),
    check: checkCodec('to'),
    doc: "`codec`: as the source's unless said otherwise.",
  }),
  sign: field({
    schema: SIGN_SCHEMA,
    parse: parseSign,
    doc: '`sign`: beside [`labels`](labels.md#bindings), the key by which label, body and id of each message are signed.',
    fields: SIGN_FIELDS,
  }),
  cloudevents: EVENT_SINK_FIELD,
  headers: field({
    schema: HEADERS_SCHEMA,
    parse: (to): { readonly headers: HeadersSpec } => ({
      headers: parseMap(HEADERS_FIELDS, asMap(own(to, 'headers')), {}),
    }),
    check: checkHeaders,
    doc: "`headers`: headers to add and to leave out. Those of the source's message are carried on without being named. `msgid`, `seclabel`, `seclabelsig`, `seclabelalt`, `traceparent`, `tracestate`, `expirytime`, `replayed`, `stale`, `sluice-hops` and `carried-headers` are the runtime's own and refused here, in any spelling. `content-type` is the content type of the message. See [headers](headers.md).",
    fields: HEADERS_FIELDS,
  }),
} as const;

export type SinkFieldValues = Parsed<typeof SINK_FIELDS>;
