import type { Message } from './message.ts';

/** One step between source and sink. Concurrent: called for the next message before an earlier promise resolves. */
export interface Stage {
  /** As in the pipeline file, for errors and spans: `function positions-to-track`. */
  readonly name: string;
  /**
   * Returns one message, several, or `Dropped`. Synchronous wherever it can be: a promise holds the lane. Throws a
   * SluiceError to have the message tried again or rejected. `attempt` is 1 at first and counts the retries of this
   * message within this process.
   */
  run(message: Message, attempt: number): StageResult | Promise<StageResult>;
  /** Releases resources. Called once, when no message is in it any more. */
  close?(): Promise<void>;
}

export type StageResult = Message | readonly Message[] | Dropped;

/** A message dropped on purpose. Counted with its reason, accepted at the source. */
export class Dropped {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}
