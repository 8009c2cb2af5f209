import { bytesFor } from '#contract/body.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Receipt, Sink } from '#contract/sink.ts';
import { withDeadline } from '#kit/deadline.ts';
import { durationMs } from '#kit/quantity.ts';
import type { NatsConnection } from '../client/library.ts';
import type { Denial, Link } from '../client/link.ts';
import type { CoreTo } from './options.ts';
import { headerLines, ownLines, sharedLineEncoder } from '../write-headers.ts';
import { subjects } from '../subject.ts';

/** How long a denial counts: the permission may be granted later. */
const DENIAL_MS = 10_000;
/** Bounds the stored denied subjects: addresses come from messages, and their number has no bound. */
const MAX_DENIALS = 10_000;

/** All sends between two flushes. They settle together, so they share one promise. */
class Batch {
  readonly receipt: Promise<Receipt>;
  readonly confirm: (receipt: Receipt) => void;
  readonly fail: (error: SluiceError) => void;
  /** A subject that was denied before the flush was answered. */
  denied: string | undefined;

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<Receipt>();
    this.receipt = promise;
    this.confirm = resolve;
    this.fail = reject;
  }
}

/**
 * Publishes, and confirms by a flush: the server answers a PING only after everything that was sent before it. One flush
 * for all sends of one turn of the event loop. A denial names a subject, not a message: it fails the flush as the bus's
 * fault. When the engine sends again, messages to that subject are refused at once and the rest passes.
 */
export class CoreSink implements Sink {
  readonly maxInFlight = 1024;
  readonly #link: Link;
  readonly #timeoutMs: number;
  readonly #spell: (frame: Frame) => Frame;
  readonly #sharedLines = sharedLineEncoder();
  readonly #flushing = new Set<Batch>();
  #connection: NatsConnection;
  #filling: Batch | undefined;
  /** Denied subjects, and until when each denial counts. */
  readonly #denials = new Map<string, number>();

  constructor(link: Link, connection: NatsConnection, to: CoreTo, spell: (frame: Frame) => Frame) {
    this.#link = link;
    this.#spell = spell;
    this.#connection = connection;
    this.#timeoutMs = durationMs(to.timeout);
    link.listen({
      up: (again) => (this.#connection = again),
      down: () => this.#failAll(this.#down()),
      denied: (denial) => this.#denied(denial),
    });
  }

  send(frame: Frame): Promise<Receipt> {
    // While the connection is lost, or is another one than that which is flushed, the message would be lost.
    if (!this.#link.up || this.#link.connection !== this.#connection) throw this.#down();
    const flaw = subjects.flaw(frame.address);
    if (flaw !== undefined) throw new SluiceError('ADDRESS_INVALID', `the subject holds ${flaw}`);
    if (this.#denials.size > 0) this.#refuseDenied(frame.address);
    const spelled = this.#spell(frame);
    const shared = this.#sharedLines(spelled);
    const headers = shared === undefined ? headerLines(spelled) : ownLines(spelled);
    this.#link.wire?.publisher.publish(frame.address, undefined, headers, bytesFor('NATS', frame), shared);
    return (this.#filling ?? this.#newBatch()).receipt;
  }

  async close(): Promise<void> {
    await this.#link.close();
    this.#failAll(this.#down());
  }

  #newBatch(): Batch {
    const batch = new Batch();
    this.#filling = batch;
    setImmediate(() => void this.#flush(batch));
    return batch;
  }

  #refuseDenied(subject: string): void {
    const untilMs = this.#denials.get(subject);
    if (untilMs === undefined) return;
    if (untilMs > performance.now()) {
      throw this.#link.error('SINK_DENIED', `the server denies publishing to ${subject}`);
    }
    this.#denials.delete(subject);
  }

  async #flush(batch: Batch): Promise<void> {
    // The batch has failed as a whole when the connection was lost before its flush.
    if (this.#filling !== batch) return;
    this.#filling = undefined;
    this.#flushing.add(batch);
    // Before the PING, whose answer confirms them.
    this.#link.wire?.publisher.flush();
    try {
      await withDeadline(this.#connection.flush(), this.#timeoutMs, () =>
        this.#link.error(
          'SINK_TIMEOUT',
          `no confirmation within ${this.#timeoutMs} ms; raise timeout, or check the link`,
        ),
      );
      // Denials arrive before the answer, but the client reports them a few microtasks later.
      await new Promise((resolve) => setImmediate(resolve));
      if (batch.denied === undefined) batch.confirm('confirmed');
      else
        batch.fail(
          this.#link.error('SINK_DOWN', `the server denies publishing to ${batch.denied}; the rest goes again`),
        );
    } catch (error) {
      batch.fail(error instanceof SluiceError ? error : this.#down(error));
    } finally {
      this.#flushing.delete(batch);
    }
  }

  #denied({ operation, subject }: Denial): void {
    if (operation !== 'publish') return;
    if (this.#denials.size >= MAX_DENIALS) this.#denials.clear();
    this.#denials.set(subject, performance.now() + DENIAL_MS);
    for (const batch of this.#batches()) batch.denied = subject;
  }

  #failAll(failure: SluiceError): void {
    for (const batch of this.#batches()) batch.fail(failure);
    this.#filling = undefined;
    this.#flushing.clear();
  }

  #batches(): Batch[] {
    return this.#filling === undefined ? [...this.#flushing] : [...this.#flushing, this.#filling];
  }

  #down(cause?: unknown): SluiceError {
    return this.#link.error('SINK_DOWN', 'the connection is away', cause);
  }
}
