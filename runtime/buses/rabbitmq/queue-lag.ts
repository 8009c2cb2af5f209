import type { SourceLag } from '#contract/source-lag.ts';
import type { Tagged } from './client/acks.ts';
import { QueueCounter } from './client/queue-counter.ts';
import type { Session } from './client/session.ts';
import type { QueueKind } from './client/topology.ts';
import { QueueDelivery } from './queue-delivery.ts';

/** What is not acknowledged here. */
export interface Unacknowledged {
  readonly outstanding: number;
  readonly oldest: Tagged | undefined;
}

/** Asks a session how many messages wait in its queue. */
export class QueueLag {
  readonly #queue: string;
  readonly #kind: QueueKind;
  readonly #counter: QueueCounter;

  constructor(session: Session, queue: string, kind: QueueKind) {
    this.#queue = queue;
    this.#kind = kind;
    this.#counter = new QueueCounter(session, queue);
  }

  /**
   * The messages that are ready, and those that this process has not acknowledged: over AMQP the server does not tell those of other
   * consumers, nor the length of a stream.
   */
  async lag(unacknowledged: () => Unacknowledged): Promise<SourceLag> {
    return {
      destination: this.#queue,
      messages: await this.#messages(unacknowledged),
      oldestAtMs: oldestOf(unacknowledged()),
    };
  }

  async #messages(unacknowledged: () => Unacknowledged): Promise<number | undefined> {
    if (this.#kind === 'stream') return undefined;
    const { messages, consumers } = await this.#counter.count();
    // A quorum queue whose leader is busy answers with zeroes.
    if (consumers === 0) return undefined;
    return messages + unacknowledged().outstanding;
  }
}

function oldestOf({ oldest }: Unacknowledged): number | undefined {
  return oldest instanceof QueueDelivery ? oldest.frame.timestampMs : undefined;
}
