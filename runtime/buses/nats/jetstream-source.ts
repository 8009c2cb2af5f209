import type { ConsumerInfo, JetStreamManager, StreamConfig, StreamInfo } from '@nats-io/jetstream';
import type { Msg } from '@nats-io/transport-node';
import type { BusContext, EndOptions } from '#contract/bus.ts';
import type { Delivery, Outcome } from '#contract/delivery.ts';
import { SluiceError } from '#contract/errors.ts';
import { type NoteOddity, oddityNotes } from '#contract/oddity.ts';
import type { Room, Source } from '#contract/source.ts';
import { backoffMs } from '#kit/backoff.ts';
import { withDeadline, pause } from '#kit/deadline.ts';
import { Inbox } from '#kit/inbox.ts';
import type { Coordinates } from './ack-reply.ts';
import type { Link } from './connect.ts';
import { ACK_WAIT_MS, type ConsumerWanted, differenceOf, durableName, holdConsumer } from './consumer.ts';
import { ConsumerWatch, type WatchedSource } from './consumer-watch.ts';
import { weightOf } from './raw-message.ts';
import { HeldMessage, HeldMessages } from './held-messages.ts';
import { insist } from './insist.ts';
import type { JetStreamConnectionOptions, JetStreamFrom } from './jetstream-options.ts';
import { managerOf } from './manager.ts';
import { type Break, type PullReader, PullSession } from './pull-session.ts';
import { canReset, remake, rewind } from './rewind.ts';
import { SeenSequences } from './seen-sequences.ts';
import { streamFrame } from './stream-frame.ts';
import { findStream, remarksOn, type StreamWanted } from './stream.ts';

const utf8 = new TextEncoder();
const ACK = utf8.encode('+ACK');
const WORKING = utf8.encode('+WPI');
const BACK = utf8.encode('-NAK');
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
  readonly window: Room;
  readonly #link: Link;
  readonly #from: JetStreamFrom;
  readonly #context: BusContext;
  readonly #note: NoteOddity;
  readonly #streamWanted: StreamWanted;
  readonly #consumerWanted: ConsumerWanted;
  readonly #inbox = new Inbox<HeldMessage>((held) => held.bytes);
  readonly #held = new HeldMessages();
  /** What was ever handed to the inbox; undefined before the first session. */
  #seen: SeenSequences | undefined;
  deliveries = 0;
  streamConfig: StreamConfig | undefined;
  isAttaching = false;
  #watch: ConsumerWatch | undefined;
  /** An earlier process may have been given what is at or below. */
  #seenBefore = 0;
  /** Which stream of that name: one deleted and made again starts at 1 anew. */
  #stream: string | undefined;
  #session: PullSession | undefined;
  #sessions = 0;
  readonly #deniedParts = new Set<string>();
  #gaps = 0;
  #gapAtMs = Number.NEGATIVE_INFINITY;
  #heartbeat: NodeJS.Timeout | undefined;
  readonly #unsaid: { readonly reply: string; readonly word: Uint8Array }[] = [];
  #settler: NodeJS.Immediate | undefined;

  constructor(
    link: Link,
    { connection, end }: EndOptions<JetStreamConnectionOptions, JetStreamFrom>,
    context: BusContext,
  ) {
    this.#link = link;
    this.#from = end;
    this.#context = context;
    this.#note = oddityNotes(context);
    this.window = context.window;
    const create = connection.create && end.subjects !== undefined;
    this.#streamWanted = { name: end.stream, subjects: create ? end.subjects : undefined };
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
    this.#watch = new ConsumerWatch(this.#link, { stream: this.#from.stream, name: this.#consumerWanted.name }, this);
    this.#link.listen({
      up: () => this.#reattach(),
      down: () => this.#session?.close(),
      denied: ({ operation, subject }) => this.#denied(operation, subject),
    });
  }

  read(room: Room, signal: AbortSignal): Promise<readonly Delivery[]> {
    return this.#inbox.read(room, signal);
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    this.#watch?.stop();
    this.#session?.close();
    this.#settleUp();
    // Whoever else reads with this durable need not wait for the end of the ack wait; it sees a gap, and starts over in order.
    for (const held of this.#held.values()) this.#say(held.reply, BACK);
    await this.#link.close();
  }

  room(): Room & { readonly idle: boolean } {
    return {
      messages: this.window.messages - this.#held.size,
      bytes: this.window.bytes - this.#held.bytes,
      idle: this.#held.size === 0,
    };
  }

  delivered(message: Msg, { sequence, deliveries, timestampMs }: Coordinates, reply: string): void {
    this.deliveries += 1;
    if (this.#seen?.enter(sequence) === false) {
      const known = this.#held.get(sequence);
      if (known !== undefined) known.reply = reply;
      // Settled already, and the acknowledgement was lost.
      else this.#say(reply, ACK);
      return;
    }
    const held = new HeldMessage(
      {
        id: `${this.#stream}:${sequence}`,
        frame: streamFrame(message, timestampMs, this.#note),
        attempt: sequence <= this.#seenBefore ? undefined : deliveries,
      },
      { sequence, bytes: weightOf(message, message.data), reply },
      this.#settle,
    );
    this.#held.add(held);
    this.#inbox.push(held);
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

  remark(stream: StreamInfo): void {
    for (const { code, text } of remarksOn(stream, this.#consumerWanted.filters)) {
      this.#context.report({ kind: 'notice', code, text });
    }
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
    await insist(this.#link, signal, async () => {
      if (!current()) return;
      this.#session?.close();
      const { connection } = this.#link;
      if (connection === undefined || !this.#link.up) throw this.#link.error('BUS_UNREACHABLE', 'not connected');
      const { createInbox } = await import('./client.ts');
      if (!current()) return;
      const target = { stream: this.#from.stream, name: this.#consumerWanted.name };
      const session = new PullSession(connection, createInbox(), target, this);
      this.#session = session;
      this.#settleUp();
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
    this.#meet(stream);
    const held = await holdConsumer(manager, stream, this.#consumerWanted, this.#resumeAt());
    if (!current()) return undefined;
    this.#watch?.forget();
    const consumer = held.info;
    const { delivered, ack_floor: floor, num_ack_pending: unacknowledged } = consumer;
    if (held.difference !== undefined) this.#changed(held.difference, delivered.stream_seq);
    if (this.#seen === undefined) {
      // A server writes down what it has delivered some time later; killed before that it knows nothing of it.
      this.#seenBefore = held.isNew ? 0 : stream.state.last_seq;
      this.#seen = new SeenSequences(floor.stream_seq);
    } else if (held.hadOtherFilters) {
      // Everything since the consumer was last known to be right: what it left out lies somewhere in between.
      this.#seen.setBack();
      return remake(manager, stream, consumer, this.#seen.received + 1);
    }
    // The server gave somebody what we have not received, or waits for acknowledgements that got lost.
    const astray = delivered.stream_seq > this.#seen.received || unacknowledged > this.#held.size;
    return astray ? rewind(manager, stream, consumer, canReset(version)) : consumer;
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

  /** From where a consumer has to be made again. */
  #resumeAt(): number | undefined {
    if (this.#seen === undefined) return undefined;
    return Math.min(this.#held.oldest ?? Infinity, this.#seen.received + 1);
  }

  /** Notices when the stream is another one than before, or lost its end: its sequences then mean other messages. */
  #meet(stream: StreamInfo): void {
    const { created, state, config } = stream;
    this.remark(stream);
    const { stream: name } = this.#from;
    const made = `${name}@${Date.parse(created).toString(36)}`;
    const report = (code: string, text: string): void => this.#context.report({ kind: 'notice', code, text });
    this.streamConfig = config;
    if (this.#stream !== undefined && !this.#stream.startsWith(made)) {
      report('STREAM_RECREATED', `stream ${name} was deleted and made again; reading starts at its beginning`);
      this.#seen?.endAt(0);
      this.#held.forgetAbove(0);
      this.#stream = made;
    } else if (this.#seen !== undefined && state.last_seq < this.#seen.received) {
      report(
        'STREAM_ROLLED_BACK',
        `stream ${name} ended at ${this.#seen.received} and now ends at ${state.last_seq}: its server lost messages`,
      );
      this.#seen.endAt(state.last_seq);
      this.#held.forgetAbove(state.last_seq);
      this.#stream = `${made}-${Date.now().toString(36)}`;
    }
    this.#stream ??= made;
  }

  readonly #settle = (held: HeldMessage, outcome: Outcome): void => {
    if (outcome.kind === 'retry') {
      held.givenBack = true;
      return;
    }
    // Invariant 2: what comes from a stream that is gone is settled with nobody.
    if (!this.#held.release(held)) return;
    const word = outcome.kind === 'accept' ? ACK : utf8.encode(`+TERM ${outcome.cause.code}`);
    this.#unsaid.push({ reply: held.reply, word });
    this.#settler ??= setImmediate(() => this.#settleUp());
  };

  /** Says what was settled, many at once, and asks for more: a write for each would cost more than all else. */
  #settleUp(): void {
    clearImmediate(this.#settler);
    this.#settler = undefined;
    // Acknowledgements stay valid over a reconnect: what cannot be said now is said then.
    if (!this.#link.up) return;
    for (const { reply, word } of this.#unsaid) this.#say(reply, word);
    this.#unsaid.length = 0;
    this.#session?.pull();
  }

  #stillWorking(): void {
    for (const held of this.#held.values()) {
      if (!held.givenBack) this.#say(held.reply, WORKING);
    }
  }

  #say(reply: string, word: Uint8Array): void {
    // What is said while the connection is away is lost; the server then delivers the message again, and hears it then.
    if (!this.#link.up) return;
    try {
      this.#link.connection?.publish(reply, word);
    } catch {
      // Closed meanwhile, which is as good as away.
    }
  }
}
