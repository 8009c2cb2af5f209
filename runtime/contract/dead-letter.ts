import type { SluiceError } from './errors.ts';
import type { Frame } from './frame.ts';
import type { Label } from './message.ts';

/** Everything that is needed to understand a message that ended here, and to send it through again. */
export interface DeadLetter {
  /** Given where it is a letter of the store that came back and failed again: it stays that letter. */
  readonly number?: number | undefined;
  readonly pipeline: string;
  readonly route: string;
  /** The delivery's id: the source's own coordinates. */
  readonly coordinates: string;
  /** The id it would have gone out under. */
  readonly id: string;
  /** The route's own key, as far as it could be made. */
  readonly key?: string | undefined;
  /** As it was read: address, key, headers, body, byte for byte. */
  readonly frame: Frame;
  readonly label: Label | undefined;
  /** Code, message, cause, and where: stage, schema, pointer into the body. */
  readonly failure: SluiceError;
  /** All of them, those before a replay included. */
  readonly attempts: number;
  readonly traceId: string | undefined;
  readonly spanId?: string | undefined;
  readonly receivedAtMs: number;
  readonly diedAtMs: number;
}

/** Where dead letters go. */
export interface DeadLetters {
  /**
   * Resolves once the letter is safe; only then may its delivery be settled (invariant 1). Rejects with STATE_UNUSABLE,
   * or with LETTERS_FULL while there is no room: the caller tries again.
   */
  record(letter: DeadLetter): Promise<void>;
}

/** How much of a route's letters the local store keeps (invariant 4), and what happens at that bound. */
export interface LetterBounds {
  readonly max: number;
  /** Of bodies, headers and error texts. */
  readonly bytes: number;
  readonly ageMs: number;
  /** `pause`: the route waits for room. `oldest`: the oldest letter gives way. */
  readonly full: 'pause' | 'oldest';
}

/** What a route's part of the local store holds. */
export interface LetterCounts {
  readonly letters: number;
  readonly bytes: number;
  /** When the one that died first died; undefined where there is none. */
  readonly oldestAtMs: number | undefined;
  /** Removed without having gone through, ever since the store was made. */
  readonly discarded: Readonly<Record<DiscardReason, number>>;
}

export const DISCARD_REASONS = ['oldest', 'age', 'operator'] as const;
/** `oldest`: gave way at the bound. `age`: was kept as long as the route says. `operator`: `sluice dlq discard`. */
export type DiscardReason = (typeof DISCARD_REASONS)[number];
