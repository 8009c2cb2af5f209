import type { SluiceError } from './errors.ts';
import type { Frame } from './frame.ts';
import type { Label } from './message.ts';

/** A message that can never be sent: all that is needed to understand it and to replay it. */
export interface DeadLetter {
  /** The number of the stored dead letter that was replayed and failed again; it stays the same dead letter. */
  readonly number?: number | undefined;
  readonly pipeline: string;
  readonly route: string;
  /** The delivery's id: the source's own coordinates. */
  readonly coordinates: string;
  /** The id that it would have been sent with. */
  readonly id: string;
  /** The key of the route's template, if it could be made. */
  readonly key?: string | undefined;
  /** As it was read: address, key, headers, body, byte for byte. */
  readonly frame: Frame;
  readonly label: Label | undefined;
  /** Code, message, cause, and where: stage, schema, pointer into the body. */
  readonly failure: SluiceError;
  /** All attempts, including those before a replay. */
  readonly attempts: number;
  readonly traceId: string | undefined;
  readonly spanId?: string | undefined;
  readonly receivedAtMs: number;
  readonly diedAtMs: number;
}

/** A destination of dead letters. */
export interface DeadLetters {
  /**
   * Resolves once the dead letter is durable; only then may its delivery be settled (invariant 1). Rejects with
   * STATE_UNUSABLE, or with LETTERS_FULL while the store is full: the caller tries again. The result is its number in the local
   * store; undefined where it is not there.
   */
  record(letter: DeadLetter): Promise<number | undefined>;
}

/** The bounds of a route's dead letters in the local store (invariant 4), and the rule at the bound. */
export interface LetterBounds {
  readonly max: number;
  /** Of bodies, headers and error texts. */
  readonly bytes: number;
  readonly ageMs: number;
  /** `pause`: the route waits for space. `oldest`: the oldest dead letter is discarded. */
  readonly full: 'pause' | 'oldest';
}

/** The contents of a route's part of the local store. */
export interface LetterCounts {
  readonly letters: number;
  readonly bytes: number;
  /** The time of the oldest dead letter; undefined where there is none. */
  readonly oldestAtMs: number | undefined;
  /** Removed without a successful replay, since the store was created. */
  readonly discarded: Readonly<Record<DiscardReason, number>>;
}

export const DISCARD_REASONS = ['oldest', 'age', 'operator'] as const;
/** `oldest`: discarded at the bound. `age`: older than the route's bound. `operator`: `sluice dlq discard`. */
export type DiscardReason = (typeof DISCARD_REASONS)[number];
