import type { BusContext } from '#contract/bus.ts';
import type { ConsumerInfo, JetStreamManager, StreamInfo } from '../client/library.ts';
import type { Link } from '../client/link.ts';
import { type ConsumerWanted, differenceOf, type EnsuredConsumer, ensureConsumer } from './consumer.ts';
import type { UnackedMessages } from './unacked-messages.ts';
import type { Start } from './options.ts';
import { canReset, remake, rewind } from './rewind.ts';
import { SeenSequences } from './seen-sequences.ts';
import { findStream, type StreamWanted } from './stream.ts';
import type { StreamPosition } from './stream-position.ts';

export interface Alignment {
  readonly stream: StreamWanted;
  readonly consumer: ConsumerWanted;
  readonly unacked: Pick<UnackedMessages, 'size' | 'oldest' | 'forgetAbove'>;
  readonly position: StreamPosition;
  /** Called when the consumer was looked up or made. */
  readonly onFound: () => void;
}

/**
 * Aligns the durable consumer with the messages that the route has received: afterwards the consumer delivers, in order,
 * exactly the messages that were not received yet. Stores the received sequences.
 */
export class ConsumerAlignment {
  readonly #link: Link;
  readonly #context: BusContext;
  readonly #parts: Alignment;
  /** The sequences that were ever delivered to the engine; undefined before the first session. */
  #seen: SeenSequences | undefined;
  /** An earlier process may have received the messages up to this sequence. */
  #seenBefore = 0;
  /** The stream was rolled back: reading goes on with the messages that were stored since. */
  #isSetBack = false;
  /** The creation time of the consumer by the server's clock. */
  #consumerMade: string | undefined;

  constructor(link: Link, context: BusContext, parts: Alignment) {
    this.#link = link;
    this.#context = context;
    this.#parts = parts;
  }

  /** The last received sequence. */
  get received(): number {
    return this.#seen?.received ?? 0;
  }

  /** Enters a received message. False when it was received before. */
  enter(sequence: number): boolean {
    return this.#seen?.enter(sequence) !== false;
  }

  /** Whether no earlier process can have received this message. */
  isFirstReader(sequence: number): boolean {
    return sequence > this.#seenBefore;
  }

  /** The differences of the consumer to the wanted one, in words; undefined: none, and the messages up to `received` are complete. */
  compare({ config }: ConsumerInfo, received: number): string | undefined {
    const difference = differenceOf(config, this.#parts.consumer);
    if (difference === undefined) this.#seen?.verify(received);
    return difference;
  }

  /** Messages up to `sequence` may be other ones than before: the messages stored since are read from their first. */
  setBack(sequence: number): void {
    this.#parts.position.setBack(sequence);
    this.#forget();
    this.#isSetBack = true;
  }

  /** The consumer, ready to deliver the messages that were not received, in order. Undefined when a later attempt replaced this one. */
  async align(manager: JetStreamManager, version: string, isCurrent: () => boolean): Promise<ConsumerInfo | undefined> {
    const { position, consumer: wanted } = this.#parts;
    const stream = await findStream(manager, this.#parts.stream);
    if (!isCurrent()) return undefined;
    const isOther = this.#compareStream(stream);
    const found = await ensureConsumer(manager, stream, wanted, isOther ? 1 : this.#resumeAt());
    if (!isCurrent()) return undefined;
    this.#parts.onFound();
    if (found.difference !== undefined) this.#changed(found.difference, found.info.delivered.stream_seq);
    await position.countRemoved(manager, stream, found);
    if (!isCurrent()) return undefined;
    const ready = await this.#ready(manager, stream, found, version);
    this.#consumerMade = ready.created;
    return ready;
  }

  async #ready(
    manager: JetStreamManager,
    stream: StreamInfo,
    found: EnsuredConsumer,
    version: string,
  ): Promise<ConsumerInfo> {
    const { info: consumer } = found;
    const { delivered, ack_floor: floor, num_ack_pending: unacknowledged } = consumer;
    const { last_seq: last } = stream.state;
    const { position } = this.#parts;
    const remakeFrom = (start: Start): Promise<ConsumerInfo> => remake(manager, stream, consumer, start);
    const { behindNewest } = position;
    const sinceThen: Start = behindNewest === undefined ? { sequence: last + 1 } : { time: behindNewest };
    if (this.#isSetBack) {
      const made = await remakeFrom(sinceThen);
      this.#isSetBack = false;
      return made;
    }
    if (this.#seen === undefined) {
      // A server stores the delivered position with a delay; a server that is killed before has lost it.
      this.#seenBefore = found.isNew ? 0 : last;
      this.#seen = new SeenSequences(Math.min(floor.stream_seq, last));
      position.begin(stream, consumer, found.isNew);
      // The stream has lost its end: until it is that long again, the consumer would skip new messages.
      if (floor.stream_seq > last) return remakeFrom(sinceThen);
    } else if (found.hadOtherFilters) {
      // All messages since the consumer was last verified: those that it left out lie somewhere in between.
      this.#seen.setBack();
      return remakeFrom({ sequence: this.#seen.received + 1 });
    } else if (!this.#isOurs(found) && floor.stream_seq > this.#seen.received) {
      // Another client made it, at a later sequence than this route has reached.
      return remakeFrom({ sequence: this.#resumeAt() ?? 1 });
    }
    // The server delivered messages that were not received here, or waits for acknowledgements that were lost.
    const isAstray = delivered.stream_seq > this.#seen.received || unacknowledged > this.#parts.unacked.size;
    return isAstray ? rewind(manager, stream, consumer, canReset(version)) : consumer;
  }

  #isOurs({ isNew, info }: EnsuredConsumer): boolean {
    return isNew || (this.#consumerMade ?? info.created) === info.created;
  }

  /** At the first session the cause may be a changed pipeline file: a notice then, else a problem. */
  #changed(difference: string, delivered: number): void {
    const { name } = this.#parts.consumer;
    const what = `consumer ${name} of stream ${this.#parts.stream.name} was not as the route needs it`;
    if (this.#seen !== undefined) {
      this.#link.problem('CONSUMER_CHANGED', `${what}: ${difference}; it was put right`);
      return;
    }
    const text = `${what}: ${difference}; it was put right, and reads on behind sequence ${delivered}`;
    this.#context.report({ kind: 'notice', code: 'CONSUMER_CHANGED', text });
  }

  /** The sequence from which a consumer is made again. The last received message is requested once more: if it is the same, the stream was not rolled back. */
  #resumeAt(): number | undefined {
    if (this.#seen === undefined) return undefined;
    return Math.max(1, Math.min(this.#parts.unacked.oldest ?? Infinity, this.#seen.received));
  }

  /** Sequences of a stream that was replaced or rolled back mean other messages. True: it was replaced. */
  #compareStream(stream: StreamInfo): boolean {
    const finding = this.#parts.position.compare(stream, this.#seen?.received);
    if (finding !== 'same') this.#forget();
    // At the first session the unacknowledged messages are delivered again anyway.
    this.#isSetBack ||= finding === 'set back' && this.#seen !== undefined;
    return finding === 'other';
  }

  #forget(): void {
    this.#seen?.endAt(0);
    this.#parts.unacked.forgetAbove(0);
  }
}
