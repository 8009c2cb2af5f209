import type { BusContext, EndOptions } from '#contract/bus.ts';
import type { Delivery } from '#contract/delivery.ts';
import { messageOf, type SluiceError } from '#contract/errors.ts';
import { type NoteOddity, oddityNotes } from '#contract/oddity.ts';
import type { Demand, Source } from '#contract/source.ts';
import { AsyncQueue } from '#kit/async-queue.ts';
import { closeReason, meaningOf } from '../client/close-reason.ts';
import { Consumer, type Received } from '../client/consumer.ts';
import { Link, type LinkEnd } from '../client/link.ts';
import type { Session } from '../client/session.ts';
import { bindQueue, declareOwnQueue, ensureExchange } from '../client/topology.ts';
import { faultOf } from '../client/unreadable-headers.ts';
import type { RabbitConnection, RabbitFrom } from '../options.ts';
import { QueueDelivery } from '../queue-delivery.ts';
import { receivedFrame } from '../received-frame.ts';

const MAX_PREFETCH = 1000;

/** Reads an exchange through an exclusive queue without a name: the server deletes it when the connection ends, however it ends. */
export class ExchangeWatcher implements Source, LinkEnd {
  readonly #link: Link;
  readonly #from: RabbitFrom;
  readonly #note: NoteOddity;
  readonly #prefetch: number;
  readonly #queue = new AsyncQueue<QueueDelivery>(({ bytes }) => bytes);
  #consumer: Consumer | undefined;
  #count = 0;
  #countBefore = 0;

  constructor(options: EndOptions<RabbitConnection, RabbitFrom>, context: BusContext) {
    this.#from = options.end;
    this.#note = oddityNotes(context);
    this.#prefetch = Math.min(context.window.messages, MAX_PREFETCH);
    this.#link = new Link(options, context, this);
  }

  open(): Promise<void> {
    return this.#link.open();
  }

  read(room: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    return this.#queue.read(room, signal);
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  async start(session: Session): Promise<string> {
    const { exchange = '', bind = [{ routingKey: '' }] } = this.#from;
    this.#countBefore = this.#count;
    await ensureExchange(session, { name: exchange, type: undefined, create: false });
    const queue = await declareOwnQueue(session);
    await bindQueue(session, queue, exchange, bind);
    const wanted = {
      queue,
      prefetch: this.#prefetch,
      exclusive: true,
      streamOffset: undefined,
      isSuccessor: false,
      first: undefined,
    };
    this.#consumer = await Consumer.open(session, wanted, (consumer, message) =>
      this.#take(session, consumer, message),
    );
    return `watches exchange ${exchange}`;
  }

  over(): boolean {
    this.#consumer?.acks.end();
    this.#consumer = undefined;
    return this.#count > this.#countBefore;
  }

  explain(failure: Error): SluiceError | undefined {
    const reason = closeReason(failure);
    const [code, text] = (reason === undefined ? undefined : meaningOf(reason)) ?? [];
    return code === undefined || text === undefined ? undefined : this.#link.error(code, text, failure);
  }

  blocked(): void {
    // It publishes nothing.
  }

  /** Never throws: the client would treat an error as one of the server. */
  #take(session: Session, { acks }: Consumer, message: Received | null): void {
    if (session.isOver) return;
    try {
      if (message === null) return session.end(new Error('the server cancelled the consumer'));
      const fault = faultOf(message.properties);
      const tag = message.fields.deliveryTag;
      this.#count += 1;
      const delivery = {
        id: `${this.#from.exchange}:${this.#count}`,
        frame: receivedFrame(message, this.#note),
        attempt: 1,
        ...(fault !== undefined && { fault }),
      };
      const shown = new QueueDelivery(delivery, { tag, acks, offset: 0 }, (settled) => {
        settled.isSettled = true;
        settled.acks.settled();
      });
      acks.enter(shown);
      this.#queue.push(shown);
    } catch (thrown) {
      session.end(new Error(`a message cannot be read: ${messageOf(thrown)}`, { cause: thrown }));
    }
  }
}
