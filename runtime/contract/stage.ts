import type { Message } from './message.ts';
import type { StageTrace } from './trace.ts';

/** One step between source and sink. Concurrent: called for the next message before an earlier promise resolves. */
export interface Stage {
  /** As in the pipeline file, for errors and spans: `function positions-to-track`. */
  readonly name: string;
  /**
   * Returns one message, several, `Dropped`, `KEPT` or `Joined`. Synchronous wherever it can be: a promise holds the lane.
   * Throws a SluiceError to have the message tried again or rejected. `attempt` is 1 at first and counts the retries of
   * this message within this process. `span`: that of this call, where the message is traced.
   */
  run(message: Message, attempt: number, span?: StageTrace): StageResult | Promise<StageResult>;
  /**
   * Called once, before the first `run`. `emit` takes a result that no message causes, such as that of a window whose time
   * is over. It may be called in any later turn, not within `run`. It throws INTERNAL for a message that is not kept, and has
   * no effect once the route has stopped.
   */
  start?(emit: (joined: Joined) => void): void;
  /** The route stops: a stage that keeps messages emits what it keeps. */
  flush?(): void;
  /** Releases resources. Called once, when no message is in it any more. */
  close?(): Promise<void>;
}

export type StageResult = Message | readonly Message[] | Dropped | Kept | Joined;

/** A message dropped on purpose. Counted with its reason, accepted at the source. */
export class Dropped {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

export interface Kept {
  readonly kind: 'kept';
}

/**
 * The stage keeps the message for a later `Joined`. It says so at once, not by a promise. The delivery stays unsettled and
 * counts against the window of the route until then, so a stage must not wait for more messages than the window has; after a
 * crash the delivery comes again. A stage that keeps messages stands before every stage that makes several of one.
 */
export const KEPT: Kept = { kind: 'kept' };

export function isKept(result: object): result is Kept {
  return result === KEPT;
}

/**
 * Messages that are made of several deliveries: of the one that was run, if one was, and of kept ones. All of these are
 * settled when the last of the messages is: as delivered where it was, each with a dead letter where it was refused.
 *
 * The runtime makes their ids of the ids of all these deliveries, so that the same id is the same content. They expire with the
 * first of them, count the hops of the one that has most, and carry the join of all their labels; where the pipeline file names no label
 * policy, different labels are refused. No message replaces them, and they replace none. A stage behind gets a copy of each body at every attempt.
 */
export class Joined {
  readonly messages: readonly Message[];
  /** The kept messages, as the stage got them: the same objects. At least one where `emit` takes the result. */
  readonly of: readonly Message[];
  constructor(messages: readonly Message[], of: readonly Message[]) {
    this.messages = messages;
    this.of = of;
  }
}
