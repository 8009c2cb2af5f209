import type { NatsConnection } from '@nats-io/transport-node';
import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Receipt, Sink } from '#contract/sink.ts';
import { withDeadline } from '#kit/deadline.ts';
import { durationMs } from '#kit/quantity.ts';
import type { Denial, Link } from './connect.ts';
import type { CoreTo } from './core.ts';
import { type HeaderBlock, headerBytes } from './write-headers.ts';
import { subjects } from './subject.ts';

/** Every send to one subject between two flushes: they end alike, so they share one promise. */
class Fate {
  readonly receipt: Promise<Receipt>;
  readonly confirm: (receipt: Receipt) => void;
  readonly fail: (error: SluiceError) => void;
  denied = false;

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<Receipt>();
    this.receipt = promise;
    this.confirm = resolve;
    this.fail = reject;
  }
}

/** What one flush confirms, by subject. */
type Batch = Map<string, Fate>;

/**
 * Publishes, and confirms by a flush: the server answers a PING only after all it was sent before. One flush for all
 * sends of one turn of the event loop.
 */
export class CoreSink implements Sink {
  readonly maxInFlight = 1024;
  readonly #link: Link;
  readonly #timeoutMs: number;
  readonly #block: HeaderBlock;
  readonly #flushing = new Set<Batch>();
  #connection: NatsConnection;
  #filling: Batch | undefined;

  constructor(link: Link, connection: NatsConnection, block: HeaderBlock, to: CoreTo) {
    this.#link = link;
    this.#block = block;
    this.#connection = connection;
    this.#timeoutMs = durationMs(to.timeout);
    link.listen({
      up: (again) => (this.#connection = again),
      down: () => this.#failAll(this.#down()),
      denied: (denial) => this.#denied(denial),
    });
  }

  send(frame: Frame): Promise<Receipt> {
    // While it is away the client would take the message and silently discard it.
    if (!this.#link.up) throw this.#down();
    const known = this.#filling?.get(frame.address);
    const flaw = known === undefined ? subjects.flaw(frame.address) : undefined;
    if (flaw !== undefined) throw new SluiceError('ADDRESS_INVALID', `the subject holds ${flaw}`);
    const headers = headerBytes(frame);
    const bytes = frame.body.length + (headers?.length ?? 0);
    const most = this.#connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
    if (bytes > most) {
      throw new SluiceError('SINK_TOO_LARGE', `${bytes} bytes with headers, and the server's max_payload is ${most}`);
    }
    try {
      if (headers === undefined) this.#connection.publish(frame.address, frame.body);
      else this.#connection.publish(frame.address, frame.body, { headers: this.#block.holding(headers) });
    } catch (error) {
      throw this.#link.error('SINK_DOWN', 'the client takes no messages', error);
    }
    return (known ?? this.#newFate(frame.address)).receipt;
  }

  async close(): Promise<void> {
    await this.#link.close();
    this.#failAll(this.#down());
  }

  #newFate(subject: string): Fate {
    if (this.#filling === undefined) {
      const batch: Batch = new Map();
      this.#filling = batch;
      setImmediate(() => void this.#flush(batch));
    }
    const fate = new Fate();
    this.#filling.set(subject, fate);
    return fate;
  }

  async #flush(batch: Batch): Promise<void> {
    // Failed already, as one, when the connection was lost before its flush.
    if (this.#filling !== batch) return;
    this.#filling = undefined;
    this.#flushing.add(batch);
    try {
      await withDeadline(this.#connection.flush(), this.#timeoutMs, () =>
        this.#link.error(
          'SINK_TIMEOUT',
          `no confirmation within ${this.#timeoutMs} ms; raise timeout, or check the link`,
        ),
      );
      // Denials came before the answer, but the client hands them over a few microtasks later.
      await new Promise((resolve) => setImmediate(resolve));
      for (const [subject, fate] of batch) {
        if (fate.denied) fate.fail(this.#link.error('SINK_DENIED', `the server denies publishing to ${subject}`));
        else fate.confirm('confirmed');
      }
    } catch (error) {
      const failure = error instanceof SluiceError ? error : this.#down(error);
      for (const fate of batch.values()) fate.fail(failure);
    } finally {
      this.#flushing.delete(batch);
    }
  }

  #denied({ operation, subject }: Denial): void {
    if (operation !== 'publish') return;
    for (const batch of this.#batches()) {
      const fate = batch.get(subject);
      if (fate !== undefined) fate.denied = true;
    }
  }

  #failAll(failure: SluiceError): void {
    for (const batch of this.#batches()) {
      for (const fate of batch.values()) fate.fail(failure);
    }
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
