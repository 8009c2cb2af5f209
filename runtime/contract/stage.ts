import type { Message } from './message.ts';

/** One verb between source and sink. Concurrent: called for a next message before an earlier promise resolves. */
export interface Stage {
  /** As it stands in the pipeline file, for errors and spans: `function positions-to-track`. */
  readonly name: string;
  /**
   * Returns what goes on: one message, several, or none (dropped on purpose, through `Dropped`). Synchronous wherever
   * it can be: a promise costs a lane its turn. Throws a SluiceError to have the message tried again or rejected.
   * `attempt` is 1 at the first try and counts the retries of this message within this process.
   */
  run(message: Message, attempt: number): StageResult | Promise<StageResult>;
  /** Lets go of what it holds beside memory. Called once, when nothing runs through it any more. */
  close?(): Promise<void>;
}

export type StageResult = Message | readonly Message[] | Dropped;

/** The end of a message on purpose. Counted with its reason, accepted at the source. */
export class Dropped {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}
