import type { Delivery } from '#contract/delivery.ts';
import type { SluiceError } from '#contract/errors.ts';
import type { Label, Message } from '#contract/message.ts';
import type { Trace } from '#contract/trace.ts';
import type { Member } from '#kit/swap-set.ts';
import type { Lane } from './lanes.ts';

/** One delivery while the bridge answers for it. Mutable, and only the pump changes it. */
export interface InFlight extends Member {
  readonly delivery: Delivery;
  /** Size that the window was charged with. */
  readonly bytes: number;
  readonly receivedAtMs: number;
  readonly trace: Trace | undefined;
  /** Set once the frame is decoded; a message without one died before. */
  message: Message | undefined;
  /** Set with the message. */
  lane: Lane | undefined;
  label: Label | undefined;
  /** The id under which it goes out. */
  id: string;
  /** Routes that it passed before this one. */
  hops: number;
  /** When the publisher or the bus says it was made, in milliseconds since 1970 (UTC). */
  madeAtMs: number | undefined;
  expiresAtMs: number | undefined;
  /** What tells a newer message of its key from an older one, where the route has it. */
  sequence: number | undefined;
  /** What repetitions of it have in common, where the route looks for them. */
  repeatKey: string | undefined;
  /** Whether it was counted as one that has another one's id. */
  isIdReused: boolean;
  /** Whether it may have been sent before, by a process or connection that is gone. */
  mayRepeat: boolean;
  attempt: number;
  /** When its function did not reach something over the network for the first time, by `Clock.elapsedMs`. */
  unreachableSinceMs: number | undefined;
  /** Frames that the sink has not answered for. */
  unsent: number;
  /** The first frame that the sink refused, if any. */
  refusal: SluiceError | undefined;
  settled: boolean;
}
