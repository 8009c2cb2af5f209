import type { Delivery } from '#contract/delivery.ts';
import type { SluiceError } from '#contract/errors.ts';
import type { Label, Message } from '#contract/message.ts';
import type { Trace } from '#contract/trace.ts';
import type { Member } from '#kit/swap-set.ts';
import type { RepeatCause } from './history/repeat-cause.ts';

/** What is known of one delivery. `admit/` alone writes it, before a later step reads it. */
export interface Envelope {
  readonly delivery: Delivery;
  /** The size that counts against the window. */
  readonly bytes: number;
  readonly receivedAtMs: number;
  readonly trace: Trace | undefined;
  /** The id under which it goes out. */
  readonly id: string;
  /** Routes that the message passed before this one. */
  readonly hops: number;
  readonly label: Label | undefined;
  /** Orders messages by key and address. Undefined where the source has none, or it could not be read. */
  readonly key: string | undefined;
  /** The publisher's or the bus's time of the message, in milliseconds since 1970 (UTC). */
  readonly madeAtMs: number | undefined;
  readonly expiresAtMs: number | undefined;
  /** Orders messages of one key by age, where the route has a sequence. */
  readonly sequence: number | undefined;
  /** The value that repetitions by the publisher share, where the route has `dedupe`. */
  readonly repeatKey: string | undefined;
  /** Whether an earlier process or connection may have sent it. */
  readonly mayRepeat: boolean;
  /** Of `laneOf`, which writes it: a text that is made and hashed once costs a message less than the maps that it is looked up in. */
  lane: string | undefined;
}

/** The place of a delivery on the line, with all that belongs to this place. Replaced, never changed. `attempt`: from 1. */
export type State =
  /** Its frame is not read yet. */
  | { readonly at: 'admit' }
  | Processing
  /** A stage keeps its message, or has joined it with others: their end is its end. */
  | { readonly at: 'kept'; readonly attempt: number }
  | Sending
  /** Its end is being made durable. */
  | { readonly at: 'settle'; readonly attempt: number }
  | { readonly at: 'settled' };

/** It is in the stages, or waits for its lane, for the message that it repeats, or for its next attempt. */
export interface Processing {
  readonly at: 'process';
  readonly attempt: number;
  /** The input of stage `from`. Undefined: the frame is decoded anew, for a function may have changed its argument. */
  readonly input: Message | readonly Message[] | undefined;
  readonly from: number;
  /** When its function first failed on the network, by `Clock.elapsedMs`. */
  readonly unreachableSinceMs: number | undefined;
}

export interface Sending {
  readonly at: 'send';
  readonly attempt: number;
  /** Sinks that have not ended it. */
  readonly open: number;
  /** The end at the sinks so far. */
  readonly end: End | undefined;
}

/** One delivery between its read and its settlement, or several that are joined into one. */
export interface InFlight extends Member {
  readonly envelope: Envelope;
  state: State;
  /** When it was taken from its source, by `Clock.elapsedMs`; 0 where the route has no meters. */
  readonly takenAtMs: number;
  /** The deliveries that are joined into this one, which is no delivery itself. Undefined for a delivery. */
  readonly members: readonly InFlight[] | undefined;
}

/** How the life of a message ended. */
export type End =
  /** A sink has confirmed all of it. */
  | { readonly kind: 'delivered' }
  | { readonly kind: 'dropped' }
  /** `by`: the message that is sent in its place; undefined where that was sent before. */
  | { readonly kind: 'superseded'; readonly by: InFlight | undefined }
  /** This process or an earlier one processed it before, at `earlierMs` if that is known. */
  | { readonly kind: 'repeated'; readonly cause: RepeatCause; readonly earlierMs: number | undefined }
  /** An earlier process sent all of it: the sink's log holds it. */
  | { readonly kind: 'stored' }
  | { readonly kind: 'refused'; readonly failure: SluiceError };

export const UNREAD: State = { at: 'admit' };
export const SETTLED: State = { at: 'settled' };
// Most messages are sent and settled at their first attempt: they share these states, which are never changed.
const SENDING_FIRST: Sending = { at: 'send', attempt: 1, open: 1, end: undefined };
const SETTLING_FIRST: State = { at: 'settle', attempt: 1 };

/** It is on its way to so many sinks. */
export function sendingTo(sinks: number, attempt: number): State {
  return sinks === 1 && attempt === 1 ? SENDING_FIRST : { at: 'send', attempt, open: sinks, end: undefined };
}

/** Its end is being made durable. */
export function settling(attempt: number): State {
  return attempt === 1 ? SETTLING_FIRST : { at: 'settle', attempt };
}

/** The attempts of this process, from 1. */
export function attemptOf(state: State): number {
  return state.at === 'admit' || state.at === 'settled' ? 1 : state.attempt;
}

export const DELIVERED: End = { kind: 'delivered' };
export const DROPPED: End = { kind: 'dropped' };
export const STORED: End = { kind: 'stored' };
export const SUPERSEDED_BY_SENT: End = { kind: 'superseded', by: undefined };

export function refused(failure: SluiceError): End {
  return { kind: 'refused', failure };
}

/** The first attempt of an admitted message, from the first stage on. */
export function firstAttempt(message: Message): Processing {
  return { at: 'process', attempt: 1, input: message, from: 0, unreachableSinceMs: undefined };
}

/** The message of a frame, as the first stage gets it. */
export function decodedMessage({ id, key, label, delivery: { frame } }: Envelope, body: unknown): Message {
  return { id, address: frame.address, key, label, headers: frame.headers, body, origin: frame };
}

/**
 * Which of two messages of one key and address takes the place of the other, in a class that keeps the newest: the later one,
 * unless its sequence is lower, or it comes late because it is a replayed dead letter, which is not newer for that. Undefined
 * where both stay: what several deliveries are joined into stands for all of them.
 */
export function newerOf(earlier: InFlight, later: InFlight): InFlight | undefined {
  if (earlier.members !== undefined || later.members !== undefined) return undefined;
  const [one, other] = [later.envelope, earlier.envelope];
  const hasSequences = one.sequence !== undefined && other.sequence !== undefined;
  const isOlder = hasSequences
    ? one.sequence < other.sequence
    : one.delivery.replay !== undefined && other.delivery.replay === undefined;
  return isOlder ? earlier : later;
}

/** Whether another process may have it by now: nothing of it is handed to a sink any more. */
export function isRevoked({ delivery }: Envelope): boolean {
  return delivery.shared?.isRevoked === true;
}

/** The lane in which a message is sent and remembered: its own key and address, even where its source has wider lanes. Not before its frame is read. */
export function laneOf(envelope: Envelope): string {
  envelope.lane ??= laneNamed(envelope.key, envelope.delivery.frame.address);
  return envelope.lane;
}

/** A name that no other lane has: a key may hold any character, so its length comes first. ("a", "b/c") is not ("a/b", "c"). */
export function laneNamed(key: string | undefined, address: string): string {
  return key === undefined ? `:${address}` : `${key.length}:${key}${address}`;
}
