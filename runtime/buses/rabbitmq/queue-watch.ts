import { pause } from '#kit/deadline.ts';
import { QueueCounter, type QueueCounts } from './client/queue-counter.ts';
import { Liveness } from '../support/liveness.ts';
import type { Standstill } from '../support/standstill.ts';
import { Renewal, type Session } from './client/session.ts';
import type { QueueKind } from './client/topology.ts';

/** The source that is watched. No member may throw. */
export interface Watched {
  /** Deliveries in all sessions so far. */
  readonly received: number;
  /** Deliveries that are not acknowledged yet. */
  readonly outstanding: number;
  readonly prefetch: number;
  /** So many messages have waited over several checks, and none arrived. */
  stalled(waiting: number): void;
  /** No message waits. */
  emptied(): void;
  /** Replaces the present consumer by a new one on the same connection. */
  replaceConsumer(): Promise<void>;
}

/** Two checks and a new consumer take less than 10 s. */
const LOOK_EVERY_MS = 4000;
/** Requests of one check, before the queue counts as without this consumer. */
const MOST_ASKED = 4;
const ASK_AGAIN_MS = 250;
/** During a standstill the connection is renewed once in so many checks. */
const RENEW_AGAIN_LOOKS = 6;
/** With other consumers, which may simply be slower, much less often. */
const RENEW_SHARED_LOOKS = 60;
/** Checks between new consumers of an idle stream: each repeats the last chunk. */
const STREAM_LOOKS = 6;

/**
 * Checks the queue of a session while nothing arrives. It finds three faults that RabbitMQ does not report. The queue has lost
 * the consumer. Messages wait and none arrive. And after a quorum queue was deleted and declared again at once, the server may
 * drop the deliveries to the consumer: nothing shows that, so an idle consumer is replaced by a new one.
 */
export class QueueWatch {
  readonly #session: Session;
  readonly #queue: string;
  readonly #kind: QueueKind;
  readonly #watched: Watched;
  readonly #standstill: Standstill;
  readonly #liveness: Liveness;
  #received: number;
  #idleLooks = 0;
  readonly #counter: QueueCounter;

  /** `standstill` outlives the session, because a new connection alone is no progress. */
  constructor(session: Session, queue: string, kind: QueueKind, watched: Watched, standstill: Standstill) {
    this.#session = session;
    this.#queue = queue;
    this.#kind = kind;
    this.#watched = watched;
    this.#standstill = standstill;
    this.#received = watched.received;
    this.#counter = new QueueCounter(session, queue);
    this.#liveness = new Liveness({
      everyMs: LOOK_EVERY_MS,
      ask: () => this.#look(),
      onFailure: (failure) => session.end(new Renewal(`queue ${queue}: ${failure.message}`, { cause: failure })),
    });
  }

  stop(): void {
    this.#liveness.stop();
  }

  async #look(): Promise<void> {
    if (this.#session.isOver) return this.stop();
    const { received } = this.#watched;
    const isIdle = received === this.#received;
    this.#received = received;
    this.#idleLooks = isIdle ? this.#idleLooks + 1 : 0;
    if (!isIdle) return;
    const found = await this.#ask();
    if (this.#session.isOver) return;
    // For a stream the server counts neither waiting messages nor consumers.
    if (this.#kind === 'stream') {
      if (this.#idleLooks % STREAM_LOOKS === 0 && this.#watched.outstanding === 0)
        await this.#watched.replaceConsumer();
      return;
    }
    if (found.consumers === 0) {
      this.#session.end(new Renewal(`queue ${this.#queue} does not know our consumer`));
      return;
    }
    await this.#judge(found);
  }

  async #ask(): Promise<QueueCounts> {
    for (let asked = 1; ; asked += 1) {
      const counts = await this.#counter.count();
      // For a quorum queue with a busy leader the server reports zero messages and consumers.
      const isReliable = counts.consumers > 0 || this.#kind !== 'quorum' || asked === MOST_ASKED;
      if (isReliable || this.#session.isOver) return counts;
      await pause(ASK_AGAIN_MS);
    }
  }

  async #judge({ messages: waiting, consumers }: QueueCounts): Promise<void> {
    const { received, outstanding, prefetch } = this.#watched;
    const looks = this.#standstill.look({ received, waiting, hasRoom: outstanding < prefetch });
    if (looks > 0) {
      const isOthers = consumers > 1;
      if (!isOthers) this.#watched.stalled(waiting);
      if (looks % (isOthers ? RENEW_SHARED_LOOKS : RENEW_AGAIN_LOOKS) !== 1) return;
      this.#session.end(new Renewal(`${waiting} messages wait in queue ${this.#queue}, and none come`));
      return;
    }
    if (waiting === 0) this.#watched.emptied();
    if (this.#kind === 'quorum' && waiting === 0 && outstanding === 0) await this.#watched.replaceConsumer();
  }
}
