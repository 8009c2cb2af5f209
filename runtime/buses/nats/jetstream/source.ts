import type { BusContext, EndOptions } from '#contract/bus.ts';
import type { Delivery, Outcome } from '#contract/delivery.ts';
import { SluiceError } from '#contract/errors.ts';
import { type NoteOddity, oddityNotes } from '#contract/oddity.ts';
import type { Demand, Source } from '#contract/source.ts';
import type { SourceLag } from '#contract/source-lag.ts';
import { backoffMs } from '#kit/backoff.ts';
import { withDeadline, pause } from '#kit/deadline.ts';
import { AsyncQueue } from '#kit/async-queue.ts';
import type { ConsumerInfo, JetStreamManager } from '../client/library.ts';
import type { Coordinates } from './ack-reply.ts';
import { ACK, Acks, NAK, term, IN_PROGRESS } from './acks.ts';
import type { Link } from '../client/link.ts';
import { ACK_WAIT_MS, type ConsumerWanted } from './consumer.ts';
import { durableName } from './consumer-names.ts';
import { ConsumerAlignment } from './consumer-alignment.ts';
import { ConsumerWatch, type WatchedSource } from './consumer-watch.ts';
import type { ReceivedMessage } from '../client/received-message.ts';
import { UnackedMessage, UnackedMessages } from './unacked-messages.ts';
import { retryOverLink } from './retry-over-link.ts';
import type { JetStreamConnectionOptions, JetStreamFrom } from './options.ts';
import { managerOf } from './manager.ts';
import { type Break, type PullReader, PullSession } from './pull-session.ts';
import { streamFrame } from './stream-frame.ts';
import { StreamPosition } from './stream-position.ts';
import { subjectsToMake } from './stream.ts';

const FLUSH_MS = 5000;
const GAPS = { firstMs: 100, capMs: 30_000, forgottenAfterMs: 60_000 };

/**
 * At least once and in stream order, through a durable pull consumer with explicit acknowledgements.
 *
 * The order holds because the server never redelivers on its own. While a message is unsettled the source sends `+WPI`
 * before its ack wait ends. After anything that may have lost a delivery (start, reconnect, gap, silence) the consumer is
 * reset to its ack floor and delivers in order from there; messages that were received before are not delivered again.
 * Every delivery between is accounted for, so a sequence that was received and is not in the table was settled.
 */
export class JetStreamSource implements Source, PullReader, WatchedSource {
  readonly window: Demand;
  readonly #link: Link;
  readonly #from: JetStreamFrom;
  readonly #context: BusContext;
  readonly #note: NoteOddity;
  readonly #consumerWanted: ConsumerWanted;
  readonly #queue = new AsyncQueue<UnackedMessage>((message) => message.bytes);
  readonly #unacked = new UnackedMessages();
  readonly #alignment: ConsumerAlignment;
  deliveries = 0;
  isAttaching = false;
  #watch: ConsumerWatch | undefined;
  /** Identifies the stream: one that is deleted and made again begins at sequence 1 again. */
  readonly #position: StreamPosition;
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
    this.#position = new StreamPosition(context, end.stream, end.subjects ?? []);
    const subjects = connection.create ? subjectsToMake(end.stream, end.subjects ?? [], siblings) : [];
    this.#consumerWanted = {
      name: end.durable ?? durableName(context.pipeline, context.route),
      filters: end.subjects ?? [],
      start: end.start,
      maxAckPending: context.window.messages,
    };
    this.#alignment = new ConsumerAlignment(link, context, {
      stream: { name: end.stream, subjects: subjects.length > 0 ? subjects : undefined },
      consumer: this.#consumerWanted,
      unacked: this.#unacked,
      position: this.#position,
      onFound: () => this.#watch?.forget(),
    });
  }

  /** Resolves once the consumer exists and the first pull was sent. */
  async open(options: EndOptions<JetStreamConnectionOptions, unknown>): Promise<void> {
    try {
      await this.#link.open(options);
      await this.#attach(this.#context.signal);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#heartbeat = setInterval(() => this.#extendAckWait(), ACK_WAIT_MS / 3);
    const target = { stream: this.#from.stream, name: this.#consumerWanted.name };
    this.#watch = new ConsumerWatch(this.#link, target, this, this.#position);
    this.#link.listen({
      up: () => this.#reattach(),
      down: () => this.#session?.close(),
      denied: ({ operation, subject }) => this.#denied(operation, subject),
    });
  }

  read(room: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    return this.#queue.read(room, signal);
  }

  /** `num_ack_pending` has what this source holds and has not acknowledged; `num_pending` what waits. */
  async lag(): Promise<readonly SourceLag[]> {
    if (!this.#link.up || this.isAttaching) return [];
    const { stream } = this.#from;
    // The oldest unacknowledged message is older than all that wait: the consumer delivers in order.
    const { oldest } = this.#unacked;
    const oldestAtMs = oldest === undefined ? undefined : this.#unacked.get(oldest)?.frame.timestampMs;
    const manager = await managerOf(this.#link);
    const info = await manager.consumers.info(stream, this.#consumerWanted.name);
    return [{ destination: stream, messages: info.num_pending + info.num_ack_pending, oldestAtMs }];
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    this.#watch?.stop();
    this.#session?.close();
    this.#acks.flush();
    // With a NAK another reader of this durable does not wait for the ack wait; it finds a gap, and starts over in order.
    for (const message of this.#unacked.values()) this.#acks.sendIfUp(message.reply, NAK);
    if (this.#position.countsWaiting) await this.#watch?.lookLast();
    this.#position.close();
    await this.#link.close();
  }

  room(): Demand & { readonly idle: boolean } {
    return {
      messages: this.window.messages - this.#unacked.size,
      bytes: this.window.bytes - this.#unacked.bytes,
      idle: this.#unacked.size === 0,
    };
  }

  delivered(message: ReceivedMessage, at: Coordinates, reply: Uint8Array): void {
    const { sequence, deliveries, timestampMs } = at;
    this.deliveries += 1;
    if (this.#position.isOtherMessage(at)) return this.#setBack(sequence);
    this.#position.received(at);
    if (!this.#alignment.enter(sequence)) {
      const known = this.#unacked.get(sequence);
      if (known !== undefined) known.reply = reply;
      // Settled already, and the acknowledgement was lost.
      else this.#acks.send(reply, ACK);
      return;
    }
    const unacked = new UnackedMessage(
      {
        id: `${this.#position.name}:${sequence}`,
        frame: streamFrame(message, timestampMs, this.#note),
        attempt: this.#alignment.isFirstReader(sequence) ? deliveries : undefined,
      },
      { sequence, bytes: message.bytes, reply },
      this.#settle,
    );
    this.#unacked.add(unacked);
    this.#queue.push(unacked);
  }

  #setBack(sequence: number): void {
    this.#session?.close();
    this.#alignment.setBack(sequence);
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
    // Two processes that reset each other's consumer must not do so at full speed.
    void pause(this.#gaps === 1 ? 0 : backoffMs(GAPS, this.#gaps), this.#link.signal).then(() => this.#reattach());
  }

  #denied(operation: string, subject: string): void {
    // The server denies each acknowledgement again: one report for each part of the API.
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
    return this.#alignment.received;
  }

  compare(consumer: ConsumerInfo, received: number): string | undefined {
    return this.#alignment.compare(consumer, received);
  }

  reattach(why: string): void {
    this.broken({ kind: 'ended', text: why });
  }

  #reattach(): void {
    // Rejects only when the link was closed.
    this.#attach(this.#link.signal).catch(() => {});
  }

  /** Starts a new session in place of the one before. A later call replaces an earlier one. */
  async #attach(signal: AbortSignal): Promise<void> {
    this.#sessions += 1;
    const mine = this.#sessions;
    const current = (): boolean => mine === this.#sessions && !this.#link.closed;
    this.isAttaching = true;
    await retryOverLink(this.#link, signal, async () => {
      if (!current()) return;
      this.#session?.close();
      const { connection, wire } = this.#link;
      if (connection === undefined || wire === undefined || !this.#link.up)
        throw this.#link.error('BUS_UNREACHABLE', 'not connected');
      const target = { stream: this.#from.stream, name: this.#consumerWanted.name };
      const session = new PullSession(wire, this.#link.inbox(), target, this);
      this.#session = session;
      this.#acks.flush();
      try {
        const manager = await managerOf(this.#link);
        // The flush makes the server end the old inbox, with its open pulls, before it looks up the consumer.
        await withDeadline(
          connection.flush(),
          FLUSH_MS,
          () => new SluiceError('BUS_UNREACHABLE', 'no answer to a ping'),
        );
        const consumer = await this.#alignment.align(manager, connection.info?.version ?? '', current);
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

  readonly #settle = (message: UnackedMessage, outcome: Outcome): void => {
    if (outcome.kind === 'release') {
      message.released = true;
      return;
    }
    // Invariant 2: a message of a stream that is gone is not acknowledged.
    if (!this.#unacked.release(message)) return;
    const answer = outcome.kind === 'accept' ? ACK : term(outcome.cause.code);
    this.#acks.send(message.reply, answer);
  };

  #extendAckWait(): void {
    for (const message of this.#unacked.values()) {
      if (!message.released) this.#acks.sendIfUp(message.reply, IN_PROGRESS);
    }
  }
}
