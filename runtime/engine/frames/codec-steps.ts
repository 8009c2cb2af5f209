import type { Codec } from '#contract/codec.ts';
import { isStackOverflow, messageOf, SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Ceiling } from '#contract/label-rules.ts';
import type { Message } from '#contract/message.ts';
import { typesLeft, withHops } from './hops.ts';
import type { Envelope } from '../in-flight.ts';
import type { Policy, SinkEnd } from '../route-parts.ts';
import { contentTypeOut, headersOut } from './headers-out.ts';
import { labelled, writtenBy } from './label-out.ts';

/** The body of a frame; undefined where nothing on the route reads it. Throws a SluiceError, or a stack overflow as it is. */
export function decode({ decoding }: Policy, { body, contentType }: Frame): unknown {
  if (decoding === undefined) return undefined;
  if (body === null) {
    throw new SluiceError('NO_BODY', 'expected a body to read, found none', { place: { stage: 'decode' } });
  }
  const codec = decoding(contentType);
  try {
    return codec.decode(body);
  } catch (thrown) {
    throw failed('DECODE_FAILED', 'decode', `expected ${codec.name}`, thrown);
  }
}

type Carried = Pick<Envelope, 'hops' | 'madeAtMs' | 'expiresAtMs' | 'trace'>;

/** The frame of a message for one sink. Throws as `decode`, and LABEL_DENIED for one that the sink may not hold. */
export function encode(end: SinkEnd, { hops, madeAtMs, expiresAtMs, trace }: Carried, message: Message): Frame {
  const { origin } = message;
  if (end.ceiling !== undefined) refuseAbove(end.ceiling, message);
  if (message.sealed === true) return sealedFrame(end, message);
  // Fails closed: what no guard made may hold anything of the delivery.
  if (end.isSealed) throw new SluiceError('INTERNAL', 'a message behind a guard is not the one that the guard made');
  const codec = end.encoding?.(origin.contentType);
  return {
    address: end.address(message),
    key: message.key,
    headers: withHops(
      end.ceiling === undefined ? headersOut(end, message) : labelled(headersOut(end, message), message.label),
      hops + 1,
      trace?.traceparent,
    ),
    headerTypes: origin.headerTypes && typesLeft(origin.headerTypes, writtenBy(end, origin.headerTypes)),
    body: codec === undefined ? origin.body : written(codec, message),
    id: idFor(end, message),
    contentType: contentTypeOut(end, codec, message),
    timestampMs: madeAtMs,
    expiresAtMs,
  };
}

/**
 * The frame of what a guard released. It counts as having passed one route, however many there were before; its time is that of its
 * sending, and it has no expiry of its own.
 */
function sealedFrame(end: SinkEnd, message: Message): Frame {
  const { origin, label, key } = message;
  return {
    address: end.address(message),
    key,
    headers: withHops(labelled(headersOut(end, message), label), 1),
    headerTypes: undefined,
    body: origin.body,
    id: idFor(end, message),
    contentType: contentTypeOut(end, undefined, message),
    timestampMs: undefined,
    expiresAtMs: undefined,
    sealed: true,
  };
}

function idFor({ idEnding }: SinkEnd, { id }: Message): string {
  return idEnding === undefined ? id : id + idEnding;
}

/** Fails closed: a message without a label has none that any sink accepts. */
function refuseAbove(ceiling: Ceiling, { label }: Message): void {
  if (label === undefined)
    throw new SluiceError('LABEL_MISSING', 'expected a label to send the message by, found none');
  const refusal = ceiling.refusal(label);
  if (refusal !== undefined) throw refusal.of(label);
}

function written(codec: Codec, { body, origin }: Message): Frame['body'] {
  try {
    return codec.encode(body, origin.body);
  } catch (thrown) {
    throw failed('ENCODE_FAILED', 'encode', `expected a body that ${codec.name} can write`, thrown);
  }
}

function failed(code: 'DECODE_FAILED' | 'ENCODE_FAILED', stage: string, expected: string, thrown: unknown): unknown {
  if (thrown instanceof SluiceError) return thrown.at({ stage });
  if (isStackOverflow(thrown)) return thrown;
  return new SluiceError(code, `${expected}, found ${messageOf(thrown)}`, { place: { stage } });
}
