import type { SluiceError } from './errors.ts';
import type { Frame } from './frame.ts';

/** The end of one delivery. Exactly one outcome is settled for every delivery (invariant 2). */
export type Outcome =
  /** Safe downstream, or dropped on purpose. The source acknowledges it. */
  | { readonly kind: 'accept' }
  /** Not processed, because the runtime stops. A source whose redelivery would change the order does nothing: its next start reads it again. */
  | { readonly kind: 'release' }
  /** It can never succeed and its dead letter is durable. The source acknowledges it, as rejected where the bus can express that. */
  | { readonly kind: 'reject'; readonly cause: SluiceError };

export const ACCEPT: Outcome = { kind: 'accept' };
export const RELEASE: Outcome = { kind: 'release' };

/** The data of a replayed dead letter: it is still the same message. */
export interface Replayed {
  /** Its number in the store. */
  readonly letter: number;
  /** Attempts before this replay; later ones are added. */
  readonly attempts: number;
  /** When it was first read, in milliseconds since 1970 (UTC): the start of the route's expiry. */
  readonly receivedAtMs: number;
  /** Replaces every other expiry, where an operator renewed it. */
  readonly expiresAtMs: number | undefined;
  /** The span in which it became a dead letter: the new trace is linked to it. */
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  /** The code and stage of the error that made it a dead letter, where the store has them. */
  readonly ended?: { readonly code: string; readonly stage: string | undefined };
}

/**
 * The standing of a delivery among the processes that share its source: its bus gives a message that one of them did not settle
 * durably to another. It is kept until the settlement is durable, so it must not hold the frame, and the source bounds how many
 * deliveries are settled and not durable.
 */
export interface Shared {
  /** Another process may have it by now: it must not be handed to a sink any more. Its settlement has no effect. */
  readonly isRevoked: boolean;
  /** Whether another process may have sent it before this one received it. */
  readonly mayBeRepeat: boolean;
  /**
   * Whether it is settled and the bus has what it can keep of that. No other process is given it then, unless the bus has no room
   * to keep that it is settled: the source reports that, and does not let the next message of its lane wait. Deliveries of one
   * source become durable in the order in which they were settled.
   */
  readonly isDurable: boolean;
  /** Asks the bus to make the settlement durable at once. Resolves when it is (`isDurable`), or when it was revoked. Call it after `settle`. Never rejects. */
  whenDurable(): Promise<void>;
}

/** One frame, lent to the bridge until it is settled. */
export interface Delivery {
  /**
   * The bus's own coordinates, unique within the source, and the same on every redelivery where the bus has such an id. A
   * publisher's id is unique only together with a digest of the content.
   */
  readonly id: string;
  readonly frame: Frame;
  /** 1 for a certain first delivery, more for a redelivery, undefined where the bus cannot tell. */
  readonly attempt: number | undefined;
  /** True where the bus may have given the id to another message before and cannot tell: the id alone proves nothing. */
  readonly isIdUnsure?: boolean;
  /** True where the bus has no id for it and the source counted: it has another id in a later session. */
  readonly isNumberedHere?: boolean;
  /**
   * Where given, deliveries of one lane keep their order whatever their keys and addresses are (invariant 5); otherwise
   * those of one key and address do.
   */
  readonly lane?: string;
  /** Set where the source could not read a part of it: it is rejected with this error, and its body is kept. */
  readonly fault?: SluiceError;
  /** Set for a replayed dead letter. */
  readonly replay?: Replayed;
  /** Set where several processes may share the source. Absent: a settlement is durable as soon as the source has it. */
  readonly shared?: Shared;
  /** True where the server keeps it for later subscribers, as the newest of its address (MQTT). */
  readonly isRetained?: boolean;
  /** When the bridge received it, in milliseconds since 1970 (UTC), where it was in a spool since then. */
  readonly arrivedAtMs?: number;
  /**
   * Called exactly once by the engine, in any order relative to other deliveries; a source whose bus commits
   * positions holds back to the settled prefix. Never throws: a settlement whose epoch (connection, channel,
   * generation) is gone is dropped, for the bus redelivers. `Source.close` flushes what was settled.
   */
  settle(outcome: Outcome): void;
}
