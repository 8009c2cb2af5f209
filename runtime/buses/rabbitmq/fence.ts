import { randomBytes } from 'node:crypto';
import type { BusContext } from '#contract/bus.ts';
import type { SluiceError } from '#contract/errors.ts';
import { backoffMs } from '#kit/backoff.ts';
import { pause } from '#kit/deadline.ts';
import type { Link } from './client/link.ts';
import { closeReason } from './client/close-reason.ts';
import type { Session } from './client/session.ts';
import { holdExclusive } from './client/topology.ts';

const PREFIX = 'sluice-fence-';
const NAME = /^sluice-fence-[0-9a-f]{16}$/;
/** AMQP 0-9-1, 1.2.1: RESOURCE_LOCKED. */
const LOCKED = 405;
/** ACCESS_REFUSED. */
const DENIED = 403;
/** PRECONDITION_FAILED: among others, a limit of the virtual host. */
const BEYOND_LIMIT = 406;
/** Each attempt is a line in the server's log. */
const ASK_AGAIN = { firstMs: 100, capMs: 1500 };
/** The share of a session's start timeout: the reason of the wait is reported before the timeout. */
const MOST = 0.5;

/**
 * Keeps messages of an earlier connection from being stored behind those of a later one. During a resource alarm the server stops
 * reading a connection that has published. When its client is gone the server still has one message of it, and routes that
 * after the alarm, before or after the messages of a newer connection. An exclusive queue is the lock: the server deletes it
 * with the connection that declared it, after it has routed all messages of that connection. The checkpoint keeps its name.
 */
export class Fence {
  readonly #link: Link;
  readonly #context: BusContext;

  constructor(link: Link, context: BusContext) {
    this.#link = link;
    this.#context = context;
  }

  /** Resolves when no earlier connection can write any more. Rejects with BUS_SETTING when one still can at the deadline. */
  async hold(session: Session): Promise<void> {
    const name = this.#name();
    const untilMs = performance.now() + this.#link.target.timeoutMs * MOST;
    for (let asked = 1; ; asked += 1) {
      const refusal = await this.#refusal(session, name);
      if (refusal === undefined || session.isOver) return;
      if (performance.now() > untilMs) throw refusal;
      await pause(backoffMs(ASK_AGAIN, asked), this.#link.signal);
    }
  }

  async #refusal(session: Session, name: string): Promise<SluiceError | undefined> {
    try {
      await holdExclusive(session, name, () =>
        session.end(new Error(`queue ${name} was deleted: it is the route's fence`)),
      );
    } catch (thrown) {
      const { code, text } = closeReason(thrown) ?? {};
      if (code === LOCKED) return this.#locked(name, thrown);
      if (code !== DENIED && code !== BEYOND_LIMIT) throw thrown;
      const why = `the server refuses to fence the route with queue ${name} (${code} ${text})`;
      const remedy = code === DENIED ? `; grant our user configure and read on ${PREFIX}.*` : '';
      const what = 'what an earlier connection wrote may come behind what the next one writes';
      this.#link.notice('FENCE_REFUSED', `${why}: ${what}${remedy}`);
    }
    return undefined;
  }

  #locked(name: string, cause: unknown): SluiceError {
    const text = `an earlier connection of this route lives on in the server, which holds queue ${name} for it and may still read what it wrote; the route waits until the server has given it up. If it never does, another bridge runs with a copy of this state folder`;
    return this.#link.error('BUS_SETTING', text, cause);
  }

  #name(): string {
    const kept = this.#context.checkpoint.read();
    if (kept !== undefined && NAME.test(kept)) return kept;
    const name = `${PREFIX}${randomBytes(8).toString('hex')}`;
    this.#context.checkpoint.write(name);
    return name;
  }
}
