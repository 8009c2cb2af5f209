import type { ConsumerInfo, JetStreamManager, StreamInfo } from '@nats-io/jetstream';
import type { Msg } from '@nats-io/transport-node';
import type { BusContext, EndOptions } from '#contract/bus.ts';
import type { Delivery, Outcome } from '#contract/delivery.ts';
import { SluiceError } from '#contract/errors.ts';
import { type NoteOddity, oddityNotes } from '#contract/oddity.ts';
import type { Demand, Source } from '#contract/source.ts';
import { backoffMs } from '#kit/backoff.ts';
import { withDeadline, pause } from '#kit/deadline.ts';
import { AsyncQueue } from '#kit/async-queue.ts';
import type { Coordinates } from './ack-reply.ts';
import { ACK, Acks, BACK, terminated, WORKING } from './acks.ts';
import type { Link } from '../client/link.ts';
import { ACK_WAIT_MS, type ConsumerWanted, differenceOf, durableName, holdConsumer } from './consumer.ts';
import { ConsumerWatch, type WatchedSource } from './consumer-watch.ts';
import { weightOf } from '../client/raw-message.ts';
import { HeldMessage, HeldMessages } from './held-messages.ts';
import { retryOverLink } from './retry-over-link.ts';
import type { JetStreamConnectionOptions, JetStreamFrom, Start } from './options.ts';
import { managerOf } from './manager.ts';
import { type Break, type PullReader, PullSession } from './pull-session.ts';
import { canReset, remake, rewind } from './rewind.ts';
import { SeenSequences } from './seen-sequences.ts';
import { streamFrame } from './stream-frame.ts';
import { StreamPlace } from './stream-position.ts';
import { findStream, type StreamWanted, subjectsToMake } from './stream.ts';

const FLUSH_MS = 5000;
const GAPS = { firstMs: 100, capMs: 30_000, forgottenAfterMs: 60_000 };

/**
 * At least once and in stream order, through a durable pull consumer with explicit acknowledgements.
 *
 * What keeps the order: nothing is ever redelivered behind our back. While we hold a message the server is told so
 * before its ack wait ends; after anything that may have cost us a delivery (start, reconnect, gap, silence) the
 * consumer is set back to its ack floor, delivers in order from there, and what we have seen of it is not handed on
 * again. Since every delivery between is accounted for, a sequence that was seen and is not held was settled.
 */
export class JetStreamSource implements Source, PullReader, WatchedSource {
  readonly window: Demand;
  readonly #link: Link;
  readonly #from: JetStreamFrom;
  readonly #context: BusContext;
  readonly #note: NoteOddity;
  readonly #streamWanted: StreamWanted;
  readonly #consumerWanted: ConsumerWanted;
  readonly #inbox = new AsyncQueue<HeldMessage>((held) => held.bytes);
  readonly #held = new HeldMessages();
  /** What was ever handed to the inbox; undefined before the first session. */
  #seen: SeenSequences | undefined;
  deliveries = 0;
  isAttaching = false;
  #watch: ConsumerWatch | undefined;
  /** An earlier process may have been given what is at or below. */
  #seenBefore = 0;
  /** Which stream of that name: one deleted and made again starts at 1 anew. */
  readonly #place: StreamPlace;
  /** The stream was set back: it is read on from what was stored since. */
  #isSetBack = false;
  /** When the consumer was made, as the server says it. */
  #consumerMade: string | undefined;
  #session: PullSession | undefined;
  #sessions = 0;
  readonly #deniedParts = new Set<string>();
  #gaps = 0;
  #gapAtMs = Number.NEGATIVE_INFINITY;
  #heartbeat: NodeJS.Timeout | undefined;
  readonly #acks: Acks;

  constructor(
    link: Link,
    { connection, end, siblings }: EndOptions<JetStreamConnectionOptions, JetStreamFrom>,
    context: BusContext,
  ) {
    this.#link = link;
    this.#acks = new Acks(link, () => this.#session?.pull());
    this.#from = end;
    this.#context = context;
    this.#note = oddityNotes(context);
    this.window = context.window;
    this.#place = new StreamPlace(context, end.stream, end.subjects ?? []);
    const subjects = connection.create ? subjectsToMake(end.stream, end.subjects ?? [], siblings) : [];
    this.#streamWanted = { name: end.stream, subjects: subjects.length > 0 ? subjects : undefined };
    this.#consumerWanted = {
      name: end.durable ?? durableName(context.pipeline, context.route),
      filters: end.subjects ?? [],
      start: end.start,
      maxAckPending: context.window.messages,
    };
  }

  /** Resolves once the consumer is there and asked for its first messages. */
  async open(options: EndOptions<JetStreamConnectionOptions, unknown>): Promise<void> {
    try {
      await this.#link.open(options);
      await this.#attach(this.#context.signal);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#heartbeat = setInterval(() => this.#stillWorking(), ACK_WAIT_MS / 3);
    const target = { stream: this.#from.stream, name: this.#consumerWanted.name };
    this.#watch = new ConsumerWatch(this.#link, target, this, this.#place);
    this.#link.listen({
      up: () => this.#reattach(),
      down: () => this.#session?.close(),
      denied: ({ operation, subject }) => this.#denied(operation, subject),
    });
  }

  read(room: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    return this.#inbox.read(room, signal);
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    this.#watch?.stop();
    this.#session?.close();
    this.#acks.flush();
    // Another reader of this durable need not wait for the end of the ack wait; it sees a gap, and starts over in order.
    for (const held of this.#held.values()) this.#acks.say(held.reply, BACK);
    if (this.#place.countsWaiting) await this.#watch?.lookLast();
    this.#place.close();
    await this.#link.close();
  }

  room(): Demand & { readonly idle: boolean } {
    return {
      messages: this.window.messages - this.#held.size,
      bytes: this.window.bytes - this.#held.bytes,
      idle: this.#held.size === 0,
    };
  }

  delivered(message: Msg, at: Coordinates, reply: string): void {
    const { sequence, deliveries, timestampMs } = at;
    this.deliveries += 1;
    if (this.#place.isAnother(at)) return this.#setBack(sequence);
    this.#place.came(at);
    if (this.#seen?.enter(sequence) === false) {
      const known = this.#held.get(sequence);
      if (known !== undefined) known.reply = reply;
      // Settled already, and the acknowledgement was lost.
      else this.#acks.say(reply, ACK);
      return;
    }
    const held = new HeldMessage(
      {
        id: `${this.#place.name}:${sequence}`,
        frame: streamFrame(message, timestampMs, this.#note),
        attempt: sequence <= this.#seenBefore ? undefined : deliveries,
      },
      { sequence, bytes: weightOf(message, message.data), reply },
      this.#settle,
    );
    this.#held.add(held);
    this.#inbox.push(held);
  }

  /** What came after `sequence` before may have been other messages too: what was stored since is read from its first. */
  #setBack(sequence: number): void {
    this.#session?.close();
    this.#place.setBack(sequence);
    this.#forget();
    this.#isSetBack = true;
    this.#reattach();
  }

  broken(reason: Break): void {
    const { name } = this.#consumerWanted;
    if (reason.kind === 'ended') {
      const text = `consumer ${name} of stream ${this.#from.stream}: ${reason.text}; reading starts again from the first unacknowledged`;
      if (this.#link.up) this.#context.report({ kind: 'notice', code: 'CONSUMER_ENDED', text });
      return this.#reattach();
    }
    const text = `a delivery of consumer ${name} went elsewhere: another process reads with the same durable, or the server dropped it; reading starts again from the first unacknowledged`;
    this.#context.report({ kind: 'notice', code: 'CONSUMER_GAP', text });
    const nowMs = performance.now();
    this.#gaps = nowMs - this.#gapAtMs > GAPS.forgottenAfterMs ? 1 : this.#gaps + 1;
    this.#gapAtMs = nowMs;
    // Two processes that set each other back must not do so at full speed.
    void pause(this.#gaps === 1 ? 0 : backoffMs(GAPS, this.#gaps), this.#link.signal).then(() => this.#reattach());
  }

  #denied(operation: string, subject: string): void {
    // Each acknowledgement is denied anew: one report for each part of the API.
    const part = subject.split('.', 2).join('.');
    if (operation !== 'publish' || this.#deniedParts.has(part)) return;
    this.#deniedParts.add(part);
    this.#link.problem('BUS_AUTH', `the server denies publishing to ${part}.>, which reading a stream needs; grant it`);
  }

  get isAsking(): boolean {
    return this.#session?.isAsking === true;
  }

  manager(): Promise<JetStreamManager> {
    return managerOf(this.#link);
  }

  get received(): number {
    return this.#seen?.received ?? 0;
  }

  compare({ config }: ConsumerInfo, received: number): string | undefined {
    const difference = differenceOf(config, this.#consumerWanted);
    if (difference === undefined) this.#seen?.verify(received);
    return difference;
  }

  reattach(why: string): void {
    this.broken({ kind: 'ended', text: why });
  }

  #reattach(): void {
    // Rejects only when the link was closed.
    this.#attach(this.#link.signal).catch(() => {});
  }

  /** A new session, in place of the one before; a later call takes over from an earlier one. */
  async #attach(signal: AbortSignal): Promise<void> {
    this.#sessions += 1;
    const mine = this.#sessions;
    const current = (): boolean => mine === this.#sessions && !this.#link.closed;
    this.isAttaching = true;
    await retryOverLink(this.#link, signal, async () => {
      if (!current()) return;
      this.#session?.close();
      const { connection } = this.#link;
      if (connection === undefined || !this.#link.up) throw this.#link.error('BUS_UNREACHABLE', 'not connected');
      const { createInbox } = await import('../client/library.ts');
      if (!current()) return;
      const target = { stream: this.#from.stream, name: this.#consumerWanted.name };
      const session = new PullSession(connection, createInbox(), target, this);
      this.#session = session;
      this.#acks.flush();
      try {
        const manager = await managerOf(this.#link);
        // The server has ended the old inbox, and with it what was asked through it, before it looks at the consumer.
        await withDeadline(
          connection.flush(),
          FLUSH_MS,
          () => new SluiceError('BUS_UNREACHABLE', 'no answer to a ping'),
        );
        const consumer = await this.#consumer(manager, connection.info?.version ?? '', current);
        if (current() && consumer !== undefined) {
          this.isAttaching = false;
          session.start(consumer.delivered.consumer_seq + 1);
        } else session.close();
      } catch (error) {
        session.close();
        if (current()) throw error;
      }
    });
  }

  /** The consumer, ready to deliver what we have not seen, in order. Undefined when this attempt was overtaken. */
  async #consumer(
    manager: JetStreamManager,
    version: string,
    current: () => boolean,
  ): Promise<ConsumerInfo | undefined> {
    const stream = await findStream(manager, this.#streamWanted);
    if (!current()) return undefined;
    const isOther = this.#meet(stream);
    const held = await holdConsumer(manager, stream, this.#consumerWanted, isOther ? 1 : this.#resumeAt());
    if (!current()) return undefined;
    this.#watch?.forget();
    const consumer = held.info;
    const { delivered, ack_floor: floor, num_ack_pending: unacknowledged } = consumer;
    if (held.difference !== undefined) this.#changed(held.difference, delivered.stream_seq);
    const isOurs = held.isNew || (this.#consumerMade ?? consumer.created) === consumer.created;
    const { last_seq: last } = stream.state;
    await this.#place.meetWaiting(manager, stream, held);
    if (!current()) return undefined;
    const adopt = (ready: ConsumerInfo): ConsumerInfo => {
      this.#consumerMade = ready.created;
      return ready;
    };
    const remakeFrom = async (start: Start): Promise<ConsumerInfo> =>
      adopt(await remake(manager, stream, consumer, start));
    const { behindNewest } = this.#place;
    const sinceThen: Start = behindNewest === undefined ? { sequence: last + 1 } : { time: behindNewest };
    if (this.#isSetBack) {
      const made = await remakeFrom(sinceThen);
      this.#isSetBack = false;
      return made;
    }
    if (this.#seen === undefined) {
      // A server writes down what it has delivered some time later; killed before that it knows nothing of it.
      this.#seenBefore = held.isNew ? 0 : stream.state.last_seq;
      this.#seen = new SeenSequences(Math.min(floor.stream_seq, last));
      this.#place.begin(stream, consumer, held.isNew);
      // The stream has lost its end, and the consumer would wait for sequences that are given to others until then.
      if (floor.stream_seq > last) return remakeFrom(sinceThen);
    } else if (held.hadOtherFilters) {
      // Everything since the consumer was last known to be right: what it left out lies somewhere in between.
      this.#seen.setBack();
      return remakeFrom({ sequence: this.#seen.received + 1 });
    } else if (!isOurs && floor.stream_seq > this.#seen.received) {
      // Somebody else made it, and further on than we are.
      return remakeFrom({ sequence: this.#resumeAt() ?? 1 });
    }
    // The server gave somebody what we have not received, or waits for acknowledgements that got lost.
    const astray = delivered.stream_seq > this.#seen.received || unacknowledged > this.#held.size;
    return adopt(astray ? await rewind(manager, stream, consumer, canReset(version)) : consumer);
  }

  /** At the first session the pipeline file may be what has changed. */
  #changed(difference: string, delivered: number): void {
    const what = `consumer ${this.#consumerWanted.name} of stream ${this.#from.stream} was not as the route needs it`;
    if (this.#seen !== undefined) {
      this.#link.problem('CONSUMER_CHANGED', `${what}: ${difference}; it was put right`);
      return;
    }
    const text = `${what}: ${difference}; it was put right, and reads on behind sequence ${delivered}`;
    this.#context.report({ kind: 'notice', code: 'CONSUMER_CHANGED', text });
  }

  /** From where a consumer has to be made again. The last that came is asked for once more: that it is the same shows that nothing was set back. */
  #resumeAt(): number | undefined {
    if (this.#seen === undefined) return undefined;
    return Math.max(1, Math.min(this.#held.oldest ?? Infinity, this.#seen.received));
  }

  /** Where the stream is another one than before, or was set back, its sequences mean other messages. True: it is another one. */
  #meet(stream: StreamInfo): boolean {
    const finding = this.#place.meet(stream, this.#seen?.received);
    if (finding !== 'same') this.#forget();
    // At the first session what was not acknowledged comes again too.
    this.#isSetBack ||= finding === 'set back' && this.#seen !== undefined;
    return finding === 'other';
  }

  #forget(): void {
    this.#seen?.endAt(0);
    this.#held.forgetAbove(0);
  }

  readonly #settle = (held: HeldMessage, outcome: Outcome): void => {
    if (outcome.kind === 'release') {
      held.released = true;
      return;
    }
    // Invariant 2: what comes from a stream that is gone is settled with nobody.
    if (!this.#held.release(held)) return;
    const word = outcome.kind === 'accept' ? ACK : terminated(outcome.cause.code);
    this.#acks.soon(held.reply, word);
  };

  #stillWorking(): void {
    for (const held of this.#held.values()) {
      if (!held.released) this.#acks.say(held.reply, WORKING);
    }
  }
}
