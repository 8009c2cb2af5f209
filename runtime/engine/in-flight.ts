import type { Delivery } from '#contract/delivery.ts';
import type { SluiceError } from '#contract/errors.ts';
import type { Label, Message } from '#contract/message.ts';
import type { Trace } from '#contract/trace.ts';
import type { Member } from '#kit/swap-set.ts';
import type { Lane } from './order.ts';

/** One delivery between its read and its settlement. Mutable: walk, pump, senders and settler write it. */
export interface InFlight extends Member {
  readonly delivery: Delivery;
  /** The size that counts against the window. */
  readonly bytes: number;
  readonly receivedAtMs: number;
  readonly trace: Trace | undefined;
  /** Set once the frame is decoded; undefined where decoding failed. */
  message: Message | undefined;
  /** Set with the message. */
  lane: Lane | undefined;
  label: Label | undefined;
  /** The id under which it goes out. */
  id: string;
  /** Routes that the message passed before this one. */
  hops: number;
  /** The publisher's or the bus's time of the message, in milliseconds since 1970 (UTC). */
  madeAtMs: number | undefined;
  expiresAtMs: number | undefined;
  /** Orders messages of one key by age, where the route has a sequence. */
  sequence: number | undefined;
  /** The value that repetitions by the publisher share, where the route has `dedupe`. */
  repeatKey: string | undefined;
  /** Whether it was counted as a message with another message's id. */
  isIdReused: boolean;
  /** Whether an earlier process or connection may have sent it. */
  mayRepeat: boolean;
  attempt: number;
  /** When its function first failed on the network, by `Clock.elapsedMs`. */
  unreachableSinceMs: number | undefined;
  /** Frames that the sink has neither confirmed nor refused. */
  unsent: number;
  /** The first frame that the sink refused, if any. */
  refusal: SluiceError | undefined;
  settled: boolean;
}
