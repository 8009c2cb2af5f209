import type { BusContext } from '#contract/bus.ts';
import type { ConsumerInfo, JetStreamManager, StreamInfo } from '../client/library.ts';
import type { Link } from '../client/link.ts';
import { type ConsumerWanted, differenceOf, type HeldConsumer, holdConsumer } from './consumer.ts';
import type { HeldMessages } from './held-messages.ts';
import type { Start } from './options.ts';
import { canReset, remake, rewind } from './rewind.ts';
import { SeenSequences } from './seen-sequences.ts';
import { findStream, type StreamWanted } from './stream.ts';
import type { StreamPosition } from './stream-position.ts';

export interface Alignment {
  readonly stream: StreamWanted;
  readonly consumer: ConsumerWanted;
  readonly held: Pick<HeldMessages, 'size' | 'oldest' | 'forgetAbove'>;
  readonly position: StreamPosition;
  /** The consumer was looked up or made. */
  readonly onFound: () => void;
}

/**
 * Brings the durable consumer in line with what the route has received: after it the consumer delivers, in order, exactly
 * what was not received yet. Keeps which sequences were received.
 */
export class ConsumerAlignment {
  readonly #link: Link;
  readonly #context: BusContext;
  readonly #parts: Alignment;
  /** The sequences that were ever handed on; undefined before the first session. */
  #seen: SeenSequences | undefined;
  /** An earlier process may have been given the messages up to here. */
  #seenBefore = 0;
  /** The stream was set back: it is read on from what was stored since. */
  #isSetBack = false;
  /** When the consumer was made, by the server's clock. */
  #consumerMade: string | undefined;

  constructor(link: Link, context: BusContext, parts: Alignment) {
    this.#link = link;
    this.#context = context;
    this.#parts = parts;
  }

  /** The last sequence that came. */
  get received(): number {
    return this.#seen?.received ?? 0;
  }

  /** A message came. False when it had come before. */
  enter(sequence: number): boolean {
    return this.#seen?.enter(sequence) !== false;
  }

  /** Whether no earlier process can have been given this message. */
  isFirstReader(sequence: number): boolean {
    return sequence > this.#seenBefore;
  }

  /** The consumer's differences to what the route wants, in words; undefined: none, so that all up to `received` came rightly. */
  compare({ config }: ConsumerInfo, received: number): string | undefined {
    const difference = differenceOf(config, this.#parts.consumer);
    if (difference === undefined) this.#seen?.verify(received);
    return difference;
  }

  /** Messages up to `sequence` may be other ones than before: what was stored since is read from its first. */
  setBack(sequence: number): void {
    this.#parts.position.setBack(sequence);
    this.#forget();
    this.#isSetBack = true;
  }

  /** The consumer, ready to deliver what was not received, in order. Undefined when this attempt was overtaken. */
  async align(manager: JetStreamManager, version: string, isCurrent: () => boolean): Promise<ConsumerInfo | undefined> {
    const { position, consumer: wanted } = this.#parts;
    const stream = await findStream(manager, this.#parts.stream);
    if (!isCurrent()) return undefined;
    const isOther = this.#compareStream(stream);
    const held = await holdConsumer(manager, stream, wanted, isOther ? 1 : this.#resumeAt());
    if (!isCurrent()) return undefined;
    this.#parts.onFound();
    if (held.difference !== undefined) this.#changed(held.difference, held.info.delivered.stream_seq);
    await position.countRemoved(manager, stream, held);
    if (!isCurrent()) return undefined;
    const ready = await this.#ready(manager, stream, held, version);
    this.#consumerMade = ready.created;
    return ready;
  }

  async #ready(
    manager: JetStreamManager,
    stream: StreamInfo,
    held: HeldConsumer,
    version: string,
  ): Promise<ConsumerInfo> {
    const { info: consumer } = held;
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
      // A server writes down what it has delivered some time later; killed before that it has lost that.
      this.#seenBefore = held.isNew ? 0 : last;
      this.#seen = new SeenSequences(Math.min(floor.stream_seq, last));
      position.begin(stream, consumer, held.isNew);
      // The stream has lost its end, and the consumer would wait for sequences that are given to others until then.
      if (floor.stream_seq > last) return remakeFrom(sinceThen);
    } else if (held.hadOtherFilters) {
      // Everything since the consumer was last right: the messages that it left out lie somewhere in between.
      this.#seen.setBack();
      return remakeFrom({ sequence: this.#seen.received + 1 });
    } else if (!this.#isOurs(held) && floor.stream_seq > this.#seen.received) {
      // Another client made it, and further on than this route is.
      return remakeFrom({ sequence: this.#resumeAt() ?? 1 });
    }
    // The server delivered messages that were not received here, or waits for acknowledgements that got lost.
    const isAstray = delivered.stream_seq > this.#seen.received || unacknowledged > this.#parts.held.size;
    return isAstray ? rewind(manager, stream, consumer, canReset(version)) : consumer;
  }

  #isOurs({ isNew, info }: HeldConsumer): boolean {
    return isNew || (this.#consumerMade ?? info.created) === info.created;
  }

  /** At the first session the pipeline file may be what has changed. */
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

  /** From where a consumer has to be made again. The last that came is requested once more: that it is the same shows that nothing was set back. */
  #resumeAt(): number | undefined {
    if (this.#seen === undefined) return undefined;
    return Math.max(1, Math.min(this.#parts.held.oldest ?? Infinity, this.#seen.received));
  }

  /** Where the stream is another one than before, or was set back, its sequences mean other messages. True: it is another one. */
  #compareStream(stream: StreamInfo): boolean {
    const finding = this.#parts.position.compare(stream, this.#seen?.received);
    if (finding !== 'same') this.#forget();
    // At the first session the unacknowledged messages come again too.
    this.#isSetBack ||= finding === 'set back' && this.#seen !== undefined;
    return finding === 'other';
  }

  #forget(): void {
    this.#seen?.endAt(0);
    this.#parts.held.forgetAbove(0);
  }
}
