import { ADMIN_ERRORS } from './admin-codes.ts';
import { INFRA_ERRORS } from './infra-codes.ts';
import { EXPRESSION_FAILED, MAP_FAILED, SPLIT_TOO_LARGE } from './expression-error-codes.ts';
import { GUARD_ERRORS } from './guard-codes.ts';
import { LABEL_ERRORS } from './label-codes.ts';
import { SCHEMA_ID_ERRORS } from './schema-id-codes.ts';

const OTHERS = {
  DECODE_FAILED: {
    verdict: 'reject',
    scope: 'message',
    remedy: 'Fix the publisher, or name the codec in the source, such as codec: cbor.',
  },
  NUMBER_UNSAFE: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'A double cannot hold this number, so another number would be sent. Write json: { numbers: exact } in the route and replay it, have the publisher send it as a text, or accept the nearest double: json: { numbers: round }.',
  },
  BODY_UNSAFE: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'A name in the body, __proto__ or constructor.prototype, changes every object of a process that merges it. Find the publisher. A route that does not read bodies passes it unchanged.',
  },
  BODY_TOO_LARGE: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The body is larger than maxBody of the source, so it was not decoded. Fix the publisher, or raise maxBody.',
  },
  CLOUDEVENT_INVALID: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The message is no CloudEvent 1.0 of the mode that the end names, or the one to be written lacks id, source or type. Fix the publisher, cloudevents of the end, or the headers ce-NAME of the sink.',
  },
  KEY_MISSING: {
    verdict: 'reject',
    scope: 'message',
    remedy: 'The template of key or id names a value that this message lacks: fix the publisher or the template.',
  },
  SCHEMA_INVALID: {
    verdict: 'reject',
    scope: 'message',
    remedy: 'Fix the publisher or the function before this stage, or widen the schema.',
  },
  EXPRESSION_FAILED,
  MAP_FAILED,
  SPLIT_TOO_LARGE,
  TRANSFORM_THREW: {
    verdict: 'retry',
    scope: 'message',
    remedy: 'The function threw. Return reject(reason) where a retry cannot help.',
  },
  TRANSFORM_UNREACHABLE: {
    verdict: 'retry',
    scope: 'message',
    remedy:
      'The function could not reach something over the network. It is tried again for retry.network at least, 1m unless the file says otherwise.',
  },
  TRANSFORM_TIMEOUT: {
    verdict: 'retry',
    scope: 'message',
    remedy: "The function did not finish in time. Await with context.signal, or raise the stage's timeout.",
  },
  TRANSFORM_STUCK: {
    verdict: 'retry',
    scope: 'message',
    remedy:
      'A step never returned and blocked the event loop, so the process was ended. Fix the loop of the function, or run it in a thread of its own: isolate: worker; or simplify the schema, or lower maxBody.',
  },
  TRANSFORM_CRASHED: {
    verdict: 'retry',
    scope: 'message',
    remedy: 'The function ended its worker thread; the text says how. Fix it, or raise memory.',
  },
  TRANSFORM_UNCLONEABLE: {
    verdict: 'reject',
    scope: 'message',
    remedy: 'With isolate: worker bodies travel between threads. Return plain data: no functions, no promises in it.',
  },
  PROCESS_ENDED: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The process ended each time that this message was decoded or in its stages, so it was not run again. Fix the function, or run it in a thread of its own: isolate: worker; or simplify the schema, or lower maxBody.',
  },
  TRANSFORM_NO_RETURN: {
    verdict: 'reject',
    scope: 'message',
    remedy: 'A return is missing. Return the body, emit(...), drop(reason) or reject(reason).',
  },
  TRANSFORM_REJECTED: {
    verdict: 'reject',
    scope: 'message',
    remedy: 'The function refused this message; its reason says why.',
  },
  ENCODE_FAILED: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The codec cannot write what the last stage returned. JSON has no NaN, Infinity or undefined: leave the property out, or return null.',
  },
  BODY_TOO_DEEP: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The body has more levels than the route allows (json: { depth: ... }, 1,000 at the most), or is nested deeper than the stack of the process reaches. JSON of up to 1,000 levels is always written. Flatten it in a function, or let it pass by: a route that reads no body sends the bytes as they came.',
  },
  ADDRESS_INVALID: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      "The sink's address template names a value that this message lacks, or makes an address that the bus refuses.",
  },
  HEADER_MISSING: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'A template under headers: { set } names a value that this message lacks; the text says which header and which value. Fix the publisher or the template.',
  },
  LOOP_DETECTED: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The message has passed the most routes allowed, so most likely bridges feed one another in a loop. Find the loop by the addresses in their logs and remove it; an intended longer chain needs a higher maxHops in from. Replayed, a letter begins its count anew.',
  },
  EXPIRED: { verdict: 'reject', scope: 'message', remedy: 'It was older than its expiry before it could be sent.' },
  STALE: {
    verdict: 'reject',
    scope: 'message',
    remedy: 'A message of its key with a higher sequence was sent before. Replay it only if it still holds.',
  },
  SEQUENCE_INVALID: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'sequence of the source reads nothing, or something that is neither a number in decimal digits nor an RFC 3339 time: fix the publisher or the template.',
  },
  TIMESTAMP_INVALID: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'timestamp of the source reads something that is no time within the years 1970 to 9999: RFC 3339, or a number in decimal digits. A number is milliseconds since 1970, and not before March 1973, unless the file states its unit: timestamp: { of: "{body.ts}", unit: s } (ms, us, ns).',
  },
  TIMESTAMP_MISSING: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The message has no time of its publisher, and the route needs one: timestamp of the source names it, or expires says of: publisher. Fix the publisher; where expires alone asks for it, sluice dlq replay --renew-expiry 5m sends it without one.',
  },
  NO_BODY: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'A null body, as Kafka has it for a deleted key, passes only through routes without stages, to a bus that has such a thing.',
  },
  SINK_REFUSED: {
    verdict: 'reject',
    scope: 'message',
    remedy: 'The bus refused this message for good; the cause says why.',
  },
  SINK_UNWRITABLE: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The client library of the bus could not encode this message; the cause names the value. Change that value in a function, and report it: the bridge should have refused it with an error code of its own.',
  },
  HEADERS_TOO_MANY: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The message has more than 10,000 header values. Reading them would delay every other message. The dead letter holds them all. Fix the publisher: a list belongs into the body.',
  },
  HEADER_UNREADABLE: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The client of the bus cannot read the headers of this message: nested too deeply, or of a type that it does not know. The dead letter holds its body and address. Fix the publisher.',
  },
  HEADER_UNSPELLABLE: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The bus has no way to write this header. Write headers: { unspellable: encode } in to, to have it carried in an encoded form, or drop it by name: headers: { drop: [NAME] }. A label is never carried in an encoded form: have the publisher write a plain text.',
  },
  SINK_TOO_LARGE: {
    verdict: 'reject',
    scope: 'message',
    remedy: 'The message is larger than the bus takes. Raise its limit or send less.',
  },
  SINK_DENIED: {
    verdict: 'reject',
    scope: 'message',
    remedy: 'The bus denies publishing there. Grant it, or fix the address.',
  },
  SINK_FAILED: { verdict: 'retry', scope: 'message', remedy: 'The bus did not take this message now.' },
  SINK_TIMEOUT: {
    verdict: 'retry',
    scope: 'bus',
    remedy: 'The bus did not confirm in time. Sending resumes from the first unconfirmed message.',
  },
  SINK_DOWN: {
    verdict: 'retry',
    scope: 'bus',
    remedy: 'The connection is away. Sending resumes from the first unconfirmed message when it is back.',
  },
  BUS_UNREACHABLE: { verdict: 'retry', scope: 'bus', remedy: 'Check url, host name, port and that the server runs.' },
  BUS_AUTH: {
    verdict: 'retry',
    scope: 'bus',
    remedy: 'Check the identity that the connection names and its permissions on the server.',
  },
  BUS_TLS: { verdict: 'retry', scope: 'bus', remedy: 'Check tls: ca, cert, key and serverName.' },
  BUS_FILE: {
    verdict: 'retry',
    scope: 'bus',
    remedy:
      'Check the file that the connection names. What was read from it before is used until it can be read again.',
  },
  BUS_PROTOCOL: {
    verdict: 'retry',
    scope: 'bus',
    remedy: 'The server does not support the protocol of the connection.',
  },
  BUS_MISSING: {
    verdict: 'retry',
    scope: 'bus',
    remedy:
      'A stream, topic or queue of the route does not exist on the server. Create it there, or let the route create it: create: true.',
  },
  BUS_SETTING: { verdict: 'retry', scope: 'bus', remedy: 'A setting of the server conflicts with the route.' },
  CONSUMER_CHANGED: {
    verdict: 'retry',
    scope: 'bus',
    remedy:
      "Something else changed the route's durable consumer, which belongs to the route alone. It was put right; leave it, or name another with durable.",
  },
  STATE_UNUSABLE: {
    verdict: 'retry',
    scope: 'bus',
    remedy: 'The state folder cannot be written. Free space, fix permissions, or name another with --state.',
  },
  STATE_DAMAGED: {
    verdict: 'retry',
    scope: 'bus',
    remedy:
      'A file of the state folder is not as it was written. The start of the pipeline sets it aside and logs what could be saved; look at the disk. docs/state-folder.md lists the files and their contents.',
  },
  STATE_LINKED: {
    verdict: 'retry',
    scope: 'bus',
    remedy:
      'Files of the state folder are never links, for a planted link would make the bridge write elsewhere. Find its origin and remove it; the folder itself may be a link.',
  },
  STATE_GONE: {
    verdict: 'retry',
    scope: 'bus',
    remedy:
      'A file was removed or replaced while it was in use, or its disk is away. Nothing more is accepted there until it is back, or could be written anew from what the process still holds. Do not end the process before that.',
  },
  LETTERS_FULL: {
    verdict: 'retry',
    scope: 'bus',
    remedy:
      'The route waits for space in the dead letter store. Run sluice dlq replay or sluice dlq discard; or raise deadLetter.max or bytes; or discard the oldest: full: oldest.',
  },
  STATE_MISSING: {
    verdict: 'retry',
    scope: 'bus',
    remedy: 'Name the folder that the pipeline runs with: --state DIR.',
  },
  STATE_LOCKED: {
    verdict: 'retry',
    scope: 'bus',
    remedy: 'Another process runs this pipeline here. Stop it, or name another folder with --state.',
  },
  INTERNAL: {
    verdict: 'retry',
    scope: 'message',
    remedy: 'A fault of the bridge itself. Please report it with this line.',
  },
} as const;

type Entry = { readonly verdict: 'retry' | 'reject'; readonly scope: 'message' | 'bus'; readonly remedy: string };

/**
 * Every code that the bridge can report of a running message or bus. `verdict`: whether another attempt can help. `scope`:
 * whether the message or the bus is at fault; a fault of the bus never counts against a message.
 */
// By a call that is marked as pure: a spread would stay in every bundle.
export const ERRORS = /* @__PURE__ */ Object.assign(
  OTHERS,
  LABEL_ERRORS,
  GUARD_ERRORS,
  /* @__PURE__ */ Object.assign(SCHEMA_ID_ERRORS, ADMIN_ERRORS, INFRA_ERRORS),
) satisfies Readonly<Record<string, Entry>>;

export type ErrorCode = keyof typeof ERRORS;
