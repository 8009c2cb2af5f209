import type { BusContext, EndOptions } from '#contract/bus.ts';
import type { Delivery, Outcome } from '#contract/delivery.ts';
import { messageOf, type SluiceError } from '#contract/errors.ts';
import { type NoteOddity, oddityNotes } from '#contract/oddity.ts';
import type { Demand, Source } from '#contract/source.ts';
import { Deque } from '#kit/deque.ts';
import { AsyncQueue } from '#kit/async-queue.ts';
import { Standstill } from '../support/standstill.ts';
import type { Acks } from './client/acks.ts';
import { Arrival } from './queue-delivery.ts';
import { Consumer, type ConsumerWanted, type Received } from './client/consumer.ts';
import { Link, type LinkEnd } from './client/link.ts';
import type { RabbitConnection, RabbitFrom } from './options.ts';
import { lookAtQueue } from './queue-settings.ts';
import { QueueRemarks } from './queue-notices.ts';
import { QueueWatch, type Watched } from './queue-watch.ts';
import { queueOf } from './reach.ts';
import { receivedFrame } from './received-frame.ts';
import { meaningOf, serverWord } from './client/close-reason.ts';
import type { Session } from './client/session.ts';
import { SourceIds } from './source-ids.ts';
import { StreamPlace } from './stream-position.ts';
import { StreamWatch } from './stream-watch.ts';
import { faultOf } from './client/unreadable-headers.ts';
import {
  bindQueue,
  consumersAfterStart,
  consumersLeft,
  ensureExchange,
  ensureQueue,
  firstOfEmpty,
  kindOf,
  offsetOfLast,
  othersBeside,
  type QueueKind,
} from './client/topology.ts';

/** AMQP counts the prefetch in two bytes. */
const MAX_PREFETCH = 65_535;
/** So many deliveries of one message, and something is wrong with what reads it. */
const OFTEN = 10;

export async function openSource(
  options: EndOptions<RabbitConnection, RabbitFrom>,
  context: BusContext,
): Promise<Source> {
  const source = new RabbitSource(options, context);
  await source.open();
  return source;
}

/**
 * At least once and in the order of the queue. A session's deliveries are acknowledged in that session or not at all;
 * when one ends, what the engine was not given yet is forgotten, for the server sends it again in its place.
 */
class RabbitSource implements Source, LinkEnd, Watched {
  readonly #link: Link;
  readonly #context: BusContext;
  readonly #note: NoteOddity;
  readonly #ids: SourceIds;
  readonly #from: RabbitFrom;
  readonly #connection: RabbitConnection;
  readonly #queue: string;
  readonly #inbox = new AsyncQueue<Arrival>((arrival) => arrival.bytes);
  /** Delivered by the server, and beyond the window's bytes. */
  #waiting = new Deque<Arrival>();
  /** In the inbox or with the engine. */
  #held = 0;
  #heldBytes = 0;
  /** Of this session: consumes and may hand on. */
  #isOpen = false;
  #consumer: Consumer | undefined;
  #session: Session | undefined;
  received = 0;
  /** Before this session. */
  #receivedBefore = 0;
  readonly #standstill = new Standstill();
  #kind: QueueKind;
  /** Under this name was a queue before. All of the stream is new, and a consumer would begin at its end. */
  #becameStream = false;
  #queueWatch: QueueWatch | undefined;
  readonly #remarks: QueueRemarks;
  readonly #place: StreamPlace | undefined;
  #watch: StreamWatch | undefined;

  constructor(options: EndOptions<RabbitConnection, RabbitFrom>, context: BusContext) {
    const { connection, end } = options;
    this.#connection = connection;
    this.#context = context;
    this.#note = oddityNotes(context);
    this.#from = end;
    this.#queue = queueOf(end, context);
    this.#ids = new SourceIds(this.#queue, this.#note);
    this.#link = new Link(options, context, this);
    this.#remarks = new QueueRemarks(this.#link, context, this.#queue);
    if (end.type === 'stream') this.#place = new StreamPlace(context, this.#queue, end.start ?? 'first');
  }

  async open(): Promise<void> {
    await this.#link.open();
    void lookAtQueue(this.#link, this.#queue);
  }

  async read(room: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    const arrivals = await this.#inbox.read(room, signal);
    if (this.#place !== undefined) for (const arrival of arrivals) this.#place.handed(arrival);
    return arrivals;
  }

  async close(): Promise<void> {
    this.#queueWatch?.stop();
    this.#consumer?.acks.finish();
    this.#place?.save();
    await this.#link.close();
  }

  async start(session: Session): Promise<string> {
    const { type, exchange, exchangeType, bind } = this.#from;
    const { create } = this.#connection;
    const queue = this.#queue;
    const alone = this.#isAlone;
    if (exchange !== undefined) await ensureExchange(session, { name: exchange, type: exchangeType, create });
    const found = await ensureQueue(session, { name: queue, type, create });
    // Messages that another consumer holds would come back behind later ones: wait until nobody does.
    if (alone) this.#remarks.assertAlone(found.consumerCount);
    if (exchange !== undefined && create) await bindQueue(session, queue, exchange, bind ?? [{ routingKey: '' }]);
    await this.#learnKind(session);
    // Also at the very first attempt: bridge and server may have been killed together, and started together.
    if (alone && this.#kind !== 'classic' && this.#kind !== 'stream') {
      this.#remarks.assertAlone(await consumersAfterStart(session, queue, this.#link.target.timeoutMs / 2));
    }
    const mayBeSilent = alone && this.#kind === 'quorum' && found.messageCount === 0;
    const first = mayBeSilent ? await firstOfEmpty(session, queue) : undefined;
    // The queue counts a message that was asked for, until it is settled, as one more consumer.
    const ours = first === undefined ? 0 : 1;
    if (mayBeSilent) this.#remarks.assertAlone(await othersBeside(session, queue, { kind: this.#kind, ours }));
    this.#session = session;
    this.#receivedBefore = this.received;
    await this.#consume(session, { isSuccessor: false, first });
    // It may have ended in this very moment, and then nobody would stop the watch.
    if (!session.isOver) this.#queueWatch = new QueueWatch(session, queue, this.#kind, this, this.#standstill);
    this.#isOpen = true;
    this.#admit();
    const what = type === 'stream' ? 'stream' : 'queue';
    return `reads ${what} ${queue}, up to ${this.prefetch} unacknowledged`;
  }

  /** What the queue is now: it may have been made again as something else since. */
  async #learnKind(session: Session): Promise<void> {
    const { type } = this.#from;
    const before = this.#kind;
    // Where it may be declared the server has compared the types.
    const isCompared = type !== undefined && this.#connection.create;
    const kind = isCompared ? type : ((await kindOf(session, this.#queue)) ?? type);
    if (type !== undefined && kind !== undefined && kind !== type) this.#remarks.isOfType(kind, type);
    this.#kind = kind;
    this.#becameStream = kind === 'stream' && before !== undefined && before !== kind;
  }

  over(): boolean {
    this.#isOpen = false;
    this.#consumer?.acks.end();
    this.#consumer = undefined;
    this.#session = undefined;
    this.#watch?.stop();
    this.#watch = undefined;
    this.#queueWatch?.stop();
    this.#queueWatch = undefined;
    this.#waiting = new Deque();
    for (let unread = this.#inbox.dropOldest(); unread !== undefined; unread = this.#inbox.dropOldest()) {
      this.#release(unread);
    }
    return this.received > this.#receivedBefore;
  }

  explain(failure: Error): SluiceError | undefined {
    const word = serverWord(failure);
    const [code, text] = (word === undefined ? undefined : meaningOf(word)) ?? [];
    return code === undefined || text === undefined ? undefined : this.#link.error(code, text, failure);
  }

  /** Whether the route's order needs that nobody else reads the queue. */
  get #isAlone(): boolean {
    return !this.#from.shared && this.#from.type !== 'stream';
  }

  get outstanding(): number {
    return this.#consumer?.acks.outstanding ?? 0;
  }

  get prefetch(): number {
    return Math.min(this.#context.window.messages, MAX_PREFETCH);
  }

  stands(waiting: number): void {
    const text = `waits for the server: ${waiting} messages are ready in queue ${this.#queue}, and none come`;
    this.#link.suspensions.suspend('queue', text);
  }

  rests(): void {
    this.#link.suspensions.resume('queue', `no message waits in queue ${this.#queue} any more`);
  }

  async handOver(): Promise<void> {
    const session = this.#session;
    // A stream that is read as a queue has no place: another consumer would begin at its end.
    const hasPlace = this.#place === undefined ? this.#kind !== 'stream' : !this.#place.isAwaiting;
    if (session === undefined || !hasPlace) return;
    this.#isOpen = false;
    await this.#consumer?.release();
    // What the old one still had is in its place again when the queue does not count it any more.
    if (this.#isAlone) this.#remarks.assertAlone(await consumersLeft(session, this.#queue));
    if (session.isOver) return;
    await this.#consume(session, { isSuccessor: true, first: undefined });
    this.#isOpen = !session.isOver;
    this.#admit();
  }

  blocked(): void {
    // Readiness says it. Messages still come; what is acknowledged reaches the server when it listens again.
  }

  /** Rejects where the queue has another consumer beside: two that came at once both see it, and both step back. */
  async #consume(session: Session, how: Pick<ConsumerWanted, 'isSuccessor' | 'first'>): Promise<void> {
    const wanted = {
      queue: this.#queue,
      prefetch: this.prefetch,
      exclusive: this.#isAlone,
      streamOffset: this.#place?.attach() ?? (this.#becameStream ? 'first' : undefined),
      ...how,
    };
    const take = (consumer: Consumer, message: Received | null): void => this.#take(session, consumer, message);
    this.#consumer = await Consumer.open(session, wanted, take);
    this.#watch?.stop();
    if (this.#place?.isAwaiting === true) this.#watch = this.#watchFor(this.#place, session);
    // Of a classic queue `exclusive` says it already; quorum queues do not mind it.
    if (!this.#isAlone || this.#kind === 'classic') return;
    const ours = how.first === undefined ? 1 : 2;
    this.#remarks.assertAlone(await othersBeside(session, this.#queue, { kind: this.#kind, ours }));
  }

  /** Never throws: the client would take it for a fault of the server's. */
  #take(session: Session, consumer: Consumer, message: Received | null): void {
    if (session.isOver) return;
    try {
      if (message === null) {
        // A stream's place shows whether it is another one.
        if (this.#place === undefined) this.#remarks.deleted();
        session.end(new Error(`the server cancelled the consumer: queue ${this.#queue} was deleted, or has moved`));
      } else {
        this.#arrives(consumer, message);
        this.#receive(session, consumer.acks, message);
      }
    } catch (thrown) {
      session.end(new Error(`a message cannot be read: ${messageOf(thrown)}`, { cause: thrown }));
    }
  }

  #arrives({ isSuccessor }: Consumer, { fields }: Received): void {
    this.received += 1;
    if (fields.deliveryTag === 1 && isSuccessor && fields.redelivered) this.#remarks.neverCame();
    const { suspensions } = this.#link;
    if (suspensions.hasAny) suspensions.resume('queue', `messages of queue ${this.#queue} come again`);
  }

  #receive(session: Session, acks: Acks, message: Received): void {
    const { deliveryTag: tag, redelivered } = message.fields;
    const { headers } = message.properties;
    const frame = receivedFrame(message, this.#note);
    const found = faultOf(message.properties);
    const fault = found === undefined ? {} : { fault: found };
    const offset: unknown = headers?.['x-stream-offset'];
    if (this.#place === undefined) {
      if (offset !== undefined) this.#remarks.looksLikeStream();
      const count: unknown = headers?.['x-delivery-count'];
      const before = typeof count === 'number' ? count : 0;
      if (before >= OFTEN) this.#remarks.deliveredOften(before);
      const attempt = redelivered ? Math.max(2, before + 1) : 1;
      const said = { id: this.#ids.of(frame), frame, attempt, isNumberedHere: frame.id === undefined, ...fault };
      this.#deliver(new Arrival(said, { tag, acks, offset: 0 }, this.#settle));
      return;
    }
    if (typeof offset !== 'number') {
      const text = `queue ${this.#queue} is no stream: its messages have no offset; leave out type: stream`;
      this.#link.reportProblem(this.#link.error('BUS_SETTING', text));
      session.end(new Error('no stream'));
      return;
    }
    const verdict = this.#place.meet(offset, frame);
    if (verdict === 'new') {
      const id = this.#place.idOf(offset);
      this.#deliver(new Arrival({ id, frame, attempt: undefined, ...fault }, { tag, acks, offset }, this.#settle));
    } else if (verdict === 'replaced') {
      this.#place.restart(`offset ${offset} holds another message`);
      session.end(new Error('the stream was replaced'));
    } else this.#pass(acks, tag);
  }

  /** A message of a stream that is not for us: it costs the server's window nothing. */
  #pass(acks: Acks, tag: number): void {
    acks.enter({ tag, isSettled: true });
    acks.settled();
  }

  #watchFor(place: StreamPlace, session: Session): StreamWatch {
    return new StreamWatch(
      async () => (place.isAwaiting ? offsetOfLast(session, this.#queue) : undefined),
      () => {
        if (session.isOver || !place.isAwaiting) return;
        place.restart('it ends before the place where the route stopped');
        session.end(new Error('the stream was replaced'));
      },
    );
  }

  #deliver(arrival: Arrival): void {
    arrival.acks.enter(arrival);
    this.#waiting.push(arrival);
    this.#admit();
  }

  /** Invariant 4: the prefetch bounds messages, and nothing of AMQP bounds bytes. */
  #admit(): void {
    if (!this.#isOpen) return;
    const { messages, bytes } = this.#context.window;
    for (let next = this.#waiting.at(0); next !== undefined; next = this.#waiting.at(0)) {
      if (this.#held >= messages || (this.#held > 0 && this.#heldBytes + next.bytes > bytes)) return;
      this.#waiting.shift();
      this.#held += 1;
      this.#heldBytes += next.bytes;
      this.#inbox.push(next);
    }
  }

  readonly #settle = (arrival: Arrival, outcome: Outcome): void => {
    this.#release(arrival);
    // Given back: the server repeats it to our next start, in its place. Rejected: its dead letter is written, and a
    // nack would have the server write a second one where the queue has a dead-letter exchange.
    if (outcome.kind !== 'release') {
      arrival.isSettled = true;
      arrival.acks.settled();
      this.#place?.settled();
    }
    this.#admit();
  };

  #release(arrival: Arrival): void {
    this.#held -= 1;
    this.#heldBytes -= arrival.bytes;
  }
}
