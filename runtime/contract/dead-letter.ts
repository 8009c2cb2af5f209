import type { SluiceError } from './errors.ts';
import type { Frame } from './frame.ts';
import type { Label } from './message.ts';

/** Everything that is needed to understand a message that ended here, and to send it through again. */
export interface DeadLetter {
  readonly pipeline: string;
  readonly route: string;
  /** The delivery's id: the source's own coordinates. */
  readonly coordinates: string;
  /** The id it would have gone out under. */
  readonly id: string;
  /** As it was read: address, key, headers, body, byte for byte. */
  readonly frame: Frame;
  readonly label: Label | undefined;
  /** Code, message, stage and cause; a schema's name stands in the message. */
  readonly failure: SluiceError;
  readonly attempts: number;
  readonly traceId: string | undefined;
  readonly receivedAtMs: number;
  readonly diedAtMs: number;
}

/** Where dead letters go. */
export interface DeadLetters {
  /** Resolves once the letter is durable; only then may its delivery be settled (invariant 1). Rejects with STATE_UNUSABLE. */
  record(letter: DeadLetter): Promise<void>;
}
