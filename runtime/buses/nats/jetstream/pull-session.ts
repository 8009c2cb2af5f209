import type { Demand } from '#contract/source.ts';
import { type Coordinates, coordinateReader } from './ack-reply.ts';
import type { ReceivedMessage } from '../client/received-message.ts';
import type { Wire, WireSubscription } from '../client/wire.ts';

const EXPIRES_MS = 30_000;
const HEARTBEAT_MS = 5000;
const SILENCE_MS = 2.5 * HEARTBEAT_MS;
const NS_PER_MS = 1_000_000;
/** A consumer with headers_only states the size of the omitted body in this header. */
const BODILESS = '\r\nNats-Msg-Size:';

/** Why a session ended. Lost messages must be delivered again, from the consumer's ack floor on. */
export type Break = { readonly kind: 'gap' } | { readonly kind: 'ended'; readonly text: string };

/** The reader of a session. */
export interface PullReader {
  readonly window: Demand;
  /** The remaining room of the window; `idle` when no message is unacknowledged. */
  room(): Demand & { readonly idle: boolean };
  /** In the consumer's order, without a gap. `reply` is the ack subject. */
  delivered(message: ReceivedMessage, at: Coordinates, reply: Uint8Array): void;
  /** Once; nothing is delivered afterwards. */
  broken(reason: Break): void;
}

/**
 * Reads a pull consumer through an own inbox. One pull is open at a time, for as much as there is room for: the server
 * sends no more than was pulled, so the unacknowledged messages never exceed the window. A new session has a new inbox,
 * which ends the pulls of the old one.
 */
export class PullSession {
  readonly #wire: Wire;
  readonly #inbox: string;
  readonly #subject: string;
  readonly #reader: PullReader;
  readonly #subscription: WireSubscription;
  readonly #watch: NodeJS.Timeout;
  readonly #coordinates = coordinateReader();
  #open: { readonly subject: string; remaining: number } | undefined;
  #pulls = 0;
  /** Undefined until `start`. */
  #expected: number | undefined;
  #tooLarge = false;
  #receivedAtMs = 0;
  #closed = false;

  /** `inbox`: an inbox of the client without other use. */
  constructor(wire: Wire, inbox: string, consumer: { stream: string; name: string }, reader: PullReader) {
    this.#wire = wire;
    this.#inbox = inbox;
    this.#subject = `$JS.API.CONSUMER.MSG.NEXT.${consumer.stream}.${consumer.name}`;
    this.#reader = reader;
    this.#subscription = wire.subscribe(`${inbox}.*`, {
      received: (message) => this.#onMessage(message),
      denied: () =>
        this.#break({ kind: 'ended', text: 'the server denies reading _INBOX.>, where deliveries come; grant it' }),
    });
    this.#watch = setInterval(() => this.#checkSilence(), HEARTBEAT_MS);
  }

  /** `expected`: the consumer's next delivery. */
  start(expected: number): void {
    this.#expected = expected;
    this.pull();
  }

  /** Whether a pull is open: the server owes messages or a status. */
  get isAsking(): boolean {
    return this.#open !== undefined;
  }

  /** Opens a pull when there is room and none is open. To be called whenever room grows. */
  pull(): void {
    if (this.#open !== undefined || this.#closed || this.#expected === undefined) return;
    const { messages, bytes, idle } = this.#reader.room();
    const { window } = this.#reader;
    // Few large requests instead of many small ones.
    const worthIt = idle || (!this.#tooLarge && messages * 4 >= window.messages && bytes * 4 >= window.bytes);
    if (!worthIt || messages < 1) return;
    // A message larger than the whole window comes alone.
    const batch = this.#tooLarge ? 1 : messages;
    this.#pulls += 1;
    this.#open = { subject: `${this.#inbox}.${this.#pulls}`, remaining: batch };
    this.#receivedAtMs = performance.now();
    const request = {
      batch,
      expires: EXPIRES_MS * NS_PER_MS,
      idle_heartbeat: HEARTBEAT_MS * NS_PER_MS,
      ...(!this.#tooLarge && { max_bytes: bytes }),
    };
    this.#tooLarge = false;
    // Where the connection is lost, its loss starts the next session.
    this.#wire.publisher.publish(this.#subject, this.#open.subject, '', Buffer.from(JSON.stringify(request)));
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#watch);
    this.#subscription.unsubscribe();
  }

  #onMessage(message: ReceivedMessage): void {
    if (this.#closed) return;
    this.#receivedAtMs = performance.now();
    const at = this.#coordinates(message);
    const reply = message.reply();
    if (reply === undefined || at === undefined) return this.#status(message);
    if (message.bodyFrom === message.bodyTo && message.headerBlock()?.includes(BODILESS) === true) {
      return this.#break({ kind: 'ended', text: 'delivers headers without bodies (headers_only)' });
    }
    if (at.deliverySequence !== this.#expected) return this.#break({ kind: 'gap' });
    this.#expected += 1;
    if (this.#open !== undefined) {
      this.#open.remaining -= 1;
      if (this.#open.remaining === 0) this.#open = undefined;
    }
    this.#reader.delivered(message, at, reply);
    if (this.#open === undefined) this.pull();
  }

  // NATS ADR-37: a message without a body whose header block begins with `NATS/1.0 CODE TEXT`.
  #status(message: ReceivedMessage): void {
    const [first = ''] = (message.headerBlock() ?? '').split('\r\n', 1);
    const code = Number(first.slice(9, 12));
    if (message.subject() !== this.#open?.subject || code === 100) return;
    this.#open = undefined;
    const text = first.slice(9);
    this.#tooLarge = text.includes('Exceeds MaxBytes');
    if (this.#tooLarge || code === 408 || code === 404 || text.includes('Batch Completed')) return this.pull();
    this.#break({ kind: 'ended', text });
  }

  #checkSilence(): void {
    if (this.#open === undefined || performance.now() - this.#receivedAtMs < SILENCE_MS) return;
    this.#break({ kind: 'ended', text: 'no heartbeat of the consumer' });
  }

  #break(reason: Break): void {
    if (this.#closed) return;
    this.close();
    this.#reader.broken(reason);
  }
}
