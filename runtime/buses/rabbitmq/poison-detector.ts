import type { Published } from './client/confirms.ts';
import type { CloseReason } from './client/close-reason.ts';

/** So many sessions in a row that the server ends over the same single message prove that the message is the reason. */
const PROOFS = 3;
const PRECONDITION_FAILED = 406;
const FAULTS_FROM = 500;

/**
 * Finds the message over which a server ends every connection without naming it. After a failure the engine sends the first
 * unconfirmed message alone: if that is the poison message, the next session ends with it as the only unconfirmed one.
 */
export class PoisonDetector {
  #last: Published | undefined;
  #proofs = 0;

  /** The server ended a session with `reason` while `alone` was the only unanswered publish. True at the last proof. */
  isProven(reason: CloseReason, alone: Published): boolean {
    if (reason.code !== PRECONDITION_FAILED && reason.code < FAULTS_FROM) return false;
    const isAgain = this.#last !== undefined && isSame(this.#last, alone);
    this.#proofs = isAgain ? this.#proofs + 1 : 1;
    this.#last = alone;
    if (this.#proofs < PROOFS) return false;
    this.#last = undefined;
    return true;
  }
}

function isSame(one: Published, other: Published): boolean {
  return one.routingKey === other.routingKey && one.messageId === other.messageId && one.body.equals(other.body);
}
