import type { BusContext, EndOptions } from '#contract/bus.ts';
import type { Delivery, Outcome } from '#contract/delivery.ts';
import { messageOf, type SluiceError } from '#contract/errors.ts';
import { type NoteOddity, oddityNotes } from '#contract/oddity.ts';
import type { Demand, Source } from '#contract/source.ts';
import type { SourceLag } from '#contract/source-lag.ts';
import { Standstill } from '../support/standstill.ts';
import type { Acks } from './client/acks.ts';
import { Admission } from './admission.ts';
import { QueueDelivery } from './queue-delivery.ts';
import { prepareQueue } from './queue-setup.ts';
import { Consumer, type ConsumerWanted, type Received } from './client/consumer.ts';
import { Link, type LinkEnd } from './client/link.ts';
import type { RabbitConnection, RabbitFrom } from './options.ts';
import { checkQueueSettings } from './queue-settings.ts';
import { QueueLag } from './queue-lag.ts';
import { QueueNotices } from './queue-notices.ts';
import { QueueWatch, type Watched } from './queue-watch.ts';
import { queueOf } from './address-space.ts';
import { receivedFrame } from './received-frame.ts';
import { closeReason, meaningOf } from './client/close-reason.ts';
import type { Session } from './client/session.ts';
import { SourceIds } from './source-ids.ts';
import { StreamPosition } from './stream-position.ts';
import { StreamWatch } from './stream-watch.ts';
import { faultOf } from './client/unreadable-headers.ts';
import { consumersLeft, offsetOfLast, othersBeside, type QueueKind } from './client/topology.ts';

/** AMQP counts the prefetch in two bytes. */
const MAX_PREFETCH = 65_535;
/** So many deliveries of one message show that its consumers fail. */
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
 * At least once and in the order of the queue. A delivery is acknowledged in its session or not at all. When a session ends,
 * deliveries that the engine has not received are dropped: the server sends them again in their position.
 */
class RabbitSource implements Source, LinkEnd, Watched {
  readonly #link: Link;
  readonly #context: BusContext;
  readonly #note: NoteOddity;
  readonly #ids: SourceIds;
  readonly #from: RabbitFrom;
  readonly #connection: RabbitConnection;
  readonly #queue: string;
  readonly #admission: Admission;
  #consumer: Consumer | undefined;
  #session: Session | undefined;
  received = 0;
  /** Before this session. */
  #receivedBefore = 0;
  readonly #standstill = new Standstill();
  #kind: QueueKind;
  /** The name was that of a queue before. The whole stream is new, and by default a consumer would begin at its end. */
  #becameStream = false;
  #queueWatch: QueueWatch | undefined;
  #lag: QueueLag | undefined;
  readonly #notices: QueueNotices;
  readonly #position: StreamPosition | undefined;
  #watch: StreamWatch | undefined;

  constructor(options: EndOptions<RabbitConnection, RabbitFrom>, context: BusContext) {
    const { connection, end } = options;
    this.#connection = connection;
    this.#context = context;
    this.#note = oddityNotes(context);
    this.#from = end;
    this.#queue = queueOf(end, context);
    this.#admission = new Admission(context.window);
    this.#ids = new SourceIds(this.#queue, this.#note);
    this.#link = new Link(options, context, this);
    this.#notices = new QueueNotices(this.#link, context, this.#queue);
    if (end.type === 'stream') this.#position = new StreamPosition(context, this.#queue, end.start ?? 'first');
  }

  async open(): Promise<void> {
    await this.#link.open();
    void checkQueueSettings(this.#link, this.#queue);
  }

  async read(room: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    const arrivals = await this.#admission.read(room, signal);
    if (this.#position !== undefined) for (const arrival of arrivals) this.#position.handed(arrival);
    return arrivals;
  }

  async lag(): Promise<readonly SourceLag[]> {
    const known = await this.#lag?.lag(() => ({
      outstanding: this.outstanding,
      oldest: this.#consumer?.acks.oldest,
    }));
    return known === undefined ? [] : [known];
  }

  async close(): Promise<void> {
    this.#queueWatch?.stop();
    this.#consumer?.acks.finish();
    this.#position?.save();
    await this.#link.close();
  }

  async start(session: Session): Promise<string> {
    const queue = this.#queue;
    const { first } = await prepareQueue(session, {
      from: this.#from,
      queue,
      create: this.#connection.create,
      isAlone: this.#isAlone,
      notices: this.#notices,
      withinMs: this.#link.target.timeoutMs / 2,
      // Also of an attempt that fails later: the queue may be declared with another type before the next one.
      onKind: (kind) => {
        this.#becameStream = kind === 'stream' && this.#kind !== undefined && this.#kind !== kind;
        this.#kind = kind;
      },
    });
    this.#session = session;
    this.#receivedBefore = this.received;
    await this.#consume(session, { isSuccessor: false, first });
    // For a session that has just ended nothing would stop the watch.
    if (!session.isOver) this.#queueWatch = new QueueWatch(session, queue, this.#kind, this, this.#standstill);
    this.#lag = session.isOver ? undefined : new QueueLag(session, queue, this.#kind);
    this.#admission.open();
    const what = this.#from.type === 'stream' ? 'stream' : 'queue';
    return `reads ${what} ${queue}, up to ${this.prefetch} unacknowledged`;
  }

  over(): boolean {
    this.#consumer?.acks.end();
    this.#consumer = undefined;
    this.#session = undefined;
    this.#watch?.stop();
    this.#watch = undefined;
    this.#queueWatch?.stop();
    this.#queueWatch = undefined;
    this.#lag = undefined;
    this.#admission.clear();
    return this.received > this.#receivedBefore;
  }

  explain(failure: Error): SluiceError | undefined {
    const reason = closeReason(failure);
    const [code, text] = (reason === undefined ? undefined : meaningOf(reason)) ?? [];
    return code === undefined || text === undefined ? undefined : this.#link.error(code, text, failure);
  }

  /** Whether the order of the route needs the queue to have no other consumer. */
  get #isAlone(): boolean {
    return !this.#from.shared && this.#from.type !== 'stream';
  }

  get outstanding(): number {
    return this.#consumer?.acks.outstanding ?? 0;
  }

  get prefetch(): number {
    return Math.min(this.#context.window.messages, MAX_PREFETCH);
  }

  stalled(waiting: number): void {
    const text = `waits for the server: ${waiting} messages are ready in queue ${this.#queue}, and none come`;
    this.#link.suspensions.suspend('queue', text);
  }

  emptied(): void {
    this.#link.suspensions.resume('queue', `no message waits in queue ${this.#queue} any more`);
  }

  async replaceConsumer(): Promise<void> {
    const session = this.#session;
    // A stream that is read as a queue has no saved position: another consumer would begin at its end.
    const hasPlace = this.#position === undefined ? this.#kind !== 'stream' : !this.#position.isAwaiting;
    if (session === undefined || !hasPlace) return;
    this.#admission.shut();
    await this.#consumer?.release();
    // The messages of the old consumer are requeued when the queue does not count it any more.
    if (this.#isAlone) this.#notices.assertAlone(await consumersLeft(session, this.#queue));
    if (session.isOver) return;
    await this.#consume(session, { isSuccessor: true, first: undefined });
    if (!session.isOver) this.#admission.open();
  }

  blocked(): void {
    // Readiness shows the block. Messages still arrive; acknowledgements reach the server when it reads again.
  }

  /** Rejects when the queue has another consumer: two that start at the same moment both detect that, and both stop. */
  async #consume(session: Session, how: Pick<ConsumerWanted, 'isSuccessor' | 'first'>): Promise<void> {
    const wanted = {
      queue: this.#queue,
      prefetch: this.prefetch,
      exclusive: this.#isAlone,
      streamOffset: this.#position?.attach() ?? (this.#becameStream ? 'first' : undefined),
      ...how,
    };
    const take = (consumer: Consumer, message: Received | null): void => this.#take(session, consumer, message);
    this.#consumer = await Consumer.open(session, wanted, take);
    this.#watch?.stop();
    if (this.#position?.isAwaiting === true) this.#watch = this.#watchFor(this.#position, session);
    // A classic queue enforces `exclusive`; a quorum queue ignores it.
    if (!this.#isAlone || this.#kind === 'classic') return;
    const ours = how.first === undefined ? 1 : 2;
    this.#notices.assertAlone(await othersBeside(session, this.#queue, { kind: this.#kind, ours }));
  }

  /** Never throws: the client would treat an error as one of the server. */
  #take(session: Session, consumer: Consumer, message: Received | null): void {
    if (session.isOver) return;
    try {
      if (message === null) {
        // The saved position of a stream shows whether it was replaced.
        if (this.#position === undefined) this.#notices.deleted();
        session.end(new Error(`the server cancelled the consumer: queue ${this.#queue} was deleted, or has moved`));
      } else {
        this.#noteArrival(consumer, message);
        this.#receive(session, consumer.acks, message);
      }
    } catch (thrown) {
      session.end(new Error(`a message cannot be read: ${messageOf(thrown)}`, { cause: thrown }));
    }
  }

  #noteArrival({ isSuccessor }: Consumer, { fields }: Received): void {
    this.received += 1;
    if (fields.deliveryTag === 1 && isSuccessor && fields.redelivered) this.#notices.deliveriesMissed();
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
    if (this.#position === undefined) {
      if (offset !== undefined) this.#notices.looksLikeStream();
      const count: unknown = headers?.['x-delivery-count'];
      const before = typeof count === 'number' ? count : 0;
      if (before >= OFTEN) this.#notices.deliveredOften(before);
      const attempt = redelivered ? Math.max(2, before + 1) : 1;
      const delivery = { id: this.#ids.of(frame), frame, attempt, isNumberedHere: frame.id === undefined, ...fault };
      this.#admission.push(new QueueDelivery(delivery, { tag, acks, offset: 0 }, this.#settle));
      return;
    }
    if (typeof offset !== 'number') {
      const text = `queue ${this.#queue} is no stream: its messages have no offset; leave out type: stream`;
      this.#link.reportProblem(this.#link.error('BUS_SETTING', text));
      session.end(new Error('no stream'));
      return;
    }
    const verdict = this.#position.compare(offset, frame);
    if (verdict === 'new') {
      const id = this.#position.idOf(offset);
      this.#admission.push(
        new QueueDelivery({ id, frame, attempt: undefined, ...fault }, { tag, acks, offset }, this.#settle),
      );
    } else if (verdict === 'replaced') {
      this.#position.restart(`offset ${offset} holds another message`);
      session.end(new Error('the stream was replaced'));
    } else this.#skip(acks, tag);
  }

  /** Acknowledges a message of a stream that is not delivered, so that it does not fill the prefetch. */
  #skip(acks: Acks, tag: number): void {
    acks.enter({ tag, isSettled: true });
    acks.settled();
  }

  #watchFor(position: StreamPosition, session: Session): StreamWatch {
    return new StreamWatch(
      async () => (position.isAwaiting ? offsetOfLast(session, this.#queue) : undefined),
      () => {
        if (session.isOver || !position.isAwaiting) return;
        position.restart('it ends before the place where the route stopped');
        session.end(new Error('the stream was replaced'));
      },
    );
  }

  readonly #settle = (delivery: QueueDelivery, outcome: Outcome): void => {
    this.#admission.settled(delivery, () => {
      // Released: the server sends it again after the next start, in its position. Rejected: it is acknowledged, because its
      // dead letter is written, and after a nack a dead-letter exchange of the queue would get a second one.
      if (outcome.kind === 'release') return;
      delivery.isSettled = true;
      delivery.acks.settled();
      this.#position?.settled();
    });
  };
}
