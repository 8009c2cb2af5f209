import { randomBytes } from 'node:crypto';
import type { BusContext } from '#contract/bus.ts';
import type { SluiceError } from '#contract/errors.ts';
import { pause } from '#kit/deadline.ts';
import type { Link } from './link.ts';
import { serverWord } from './server-word.ts';
import type { Session } from './session.ts';
import { declareExclusive } from './topology.ts';

const PREFIX = 'sluice-fence-';
const NAME = /^sluice-fence-[0-9a-f]{16}$/;
/** AMQP 0-9-1, 1.2.1: RESOURCE_LOCKED. */
const LOCKED = 405;
const ASK_EVERY_MS = 200;
/** Of the time that a session has to start: what it waits for is said before that is over. */
const MOST = 0.5;

/**
 * Keeps what an earlier connection wrote from coming behind what a later one writes. Under its alarm the server stops reading a
 * connection that has published, keeps one message of it when the client is gone, and reads that after the alarm, before or
 * after what a newer connection sent. An exclusive queue is the lock: the server deletes it with the connection that declared
 * it, after it has routed everything of it. Its name outlives the process.
 */
export class Fence {
  readonly #link: Link;
  readonly #context: BusContext;

  constructor(link: Link, context: BusContext) {
    this.#link = link;
    this.#context = context;
  }

  /** Resolves when no earlier connection can write any more. Rejects with BUS_SETTING while one can. */
  async hold(session: Session): Promise<void> {
    const name = this.#name();
    const untilMs = performance.now() + this.#link.target.timeoutMs * MOST;
    for (;;) {
      const refusal = await this.#refusal(session, name);
      if (refusal === undefined || session.isOver) return;
      if (performance.now() > untilMs) throw refusal;
      await pause(ASK_EVERY_MS, this.#link.signal);
    }
  }

  async #refusal(session: Session, name: string): Promise<SluiceError | undefined> {
    try {
      await declareExclusive(session, name);
      return undefined;
    } catch (thrown) {
      const word = serverWord(thrown);
      if (word === undefined) throw thrown;
      if (word.code === LOCKED) return this.#locked(name, thrown);
      const text = `the server refuses the queue ${name} (${word.code} ${word.text}): what a connection wrote before it ended may come behind what the next one writes; grant our user configure on ${PREFIX}.*`;
      this.#link.notice('FENCE_REFUSED', text);
      return undefined;
    }
  }

  #locked(name: string, cause: unknown): SluiceError {
    const text = `an earlier connection of this route lives on in the server, which holds queue ${name} for it and may still read what it wrote; the route waits until the server has given it up. If it never does, another bridge runs with a copy of this state folder`;
    return this.#link.error('BUS_SETTING', text, cause);
  }

  #name(): string {
    const kept = this.#context.memo.read();
    if (kept !== undefined && NAME.test(kept)) return kept;
    const name = `${PREFIX}${randomBytes(8).toString('hex')}`;
    this.#context.memo.write(name);
    return name;
  }
}
