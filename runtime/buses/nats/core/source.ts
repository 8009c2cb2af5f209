import { randomBytes } from 'node:crypto';
import type { BusContext, EndOptions } from '#contract/bus.ts';
import type { Delivery } from '#contract/delivery.ts';
import { type NoteOddity, oddityNotes } from '#contract/oddity.ts';
import type { Demand, Source } from '#contract/source.ts';
import { backoffMs } from '#kit/backoff.ts';
import { pause, withDeadline } from '#kit/deadline.ts';
import { AsyncQueue } from '#kit/async-queue.ts';
import { Liveness, NoAnswer } from '../../support/liveness.ts';
import type { Link } from '../client/link.ts';
import type { CoreFrom } from './options.ts';
import { LoopbackProbe } from './loopback.ts';
import type { ReceivedMessage } from '../client/received-message.ts';
import type { Wire, WireSubscription } from '../client/wire.ts';
import { readHeaders } from '../read-headers.ts';
import type { NatsConnectionOptions } from '../options.ts';

// Core NATS has no backpressure, so a burst needs a buffer: of this many windows. A large window needs fewer.
const BURST = { windows: 256, ofMessages: 65_536, windowsBeyond: 64, bytes: 4 };
const FLUSH_MS = 5000;
const GATHER_MS = 100;
const REPORT_AGAIN_MS = 10_000;
const RETRY = { firstMs: 1000, capMs: 30_000 };

function settle(): void {
  // Core NATS has no acknowledgements.
}

interface CoreDelivery extends Delivery {
  readonly bytes: number;
}

/** At most once: of a burst that the engine cannot take it keeps the newest messages and reports the loss of the others. */
export class CoreSource implements Source {
  readonly #link: Link;
  readonly #from: CoreFrom;
  readonly #context: BusContext;
  readonly #note: NoteOddity;
  readonly #inbox = new AsyncQueue<CoreDelivery>(({ bytes }) => bytes);
  readonly #most: Demand;
  /** Keeps ids of this process apart from those of another one. */
  readonly #nonce = randomBytes(6).toString('base64url');
  #subscribed: { readonly to: Wire; readonly all: WireSubscription[] } | undefined;
  #count = 0;
  #dropped = 0;
  #reportedDrops = 0;
  #reportedAtMs = Number.NEGATIVE_INFINITY;
  #reportTimer: NodeJS.Timeout | undefined;
  #denials = 0;
  #liveness: Liveness | undefined;
  #loopback: LoopbackProbe | undefined;
  #countAtProbe = 0;

  constructor(link: Link, from: CoreFrom, context: BusContext) {
    this.#link = link;
    this.#from = from;
    this.#context = context;
    this.#note = oddityNotes(context);
    const { messages, bytes } = context.window;
    this.#most = { messages: burstOf(messages), bytes: bytes * BURST.bytes };
  }

  /** Resolves once the server has the subscriptions. */
  async open(options: EndOptions<NatsConnectionOptions, unknown>): Promise<void> {
    const connection = await this.#link.open(options);
    this.#subscribe();
    this.#link.listen({
      up: () => this.#subscribe(),
      down: () => {},
      denied: ({ operation, subject }) => {
        if (this.#loopback?.denied(subject) !== true && operation === 'subscription') void this.#denied(subject);
      },
    });
    this.#liveness = new Liveness({
      ask: () => this.#ask(),
      onFailure: (failure) => {
        // Any other failure is the end of a connection, which the link reports.
        if (failure instanceof NoAnswer) this.#link.renew(failure.message);
      },
    });
    // A loss of the connection here does not fail `open`: the client subscribes again on its own.
    await withDeadline(connection.flush(), FLUSH_MS, () => new Error('not in time')).catch(() => {});
  }

  read(room: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    return this.#inbox.read(room, signal);
  }

  async close(): Promise<void> {
    this.#liveness?.stop();
    for (const subscription of this.#subscribed?.all ?? []) subscription.unsubscribe();
    await this.#link.close();
    this.#reportDropped();
  }

  /** An idle subject and a dead connection look alike. While messages arrive no probe is needed. */
  async #ask(): Promise<void> {
    const { connection, up } = this.#link;
    const isIdle = this.#count === this.#countAtProbe;
    this.#countAtProbe = this.#count;
    if (!isIdle || !up || connection === undefined) return;
    // The client renews its subscriptions after a reconnect; a new client has none.
    if (this.#loopback?.isOf(connection) !== true) this.#loopback = new LoopbackProbe(connection, this.#link.inbox());
    await this.#loopback.ask();
  }

  #subscribe(): void {
    const { wire } = this.#link;
    // The client renews its subscriptions after a reconnect.
    if (wire === undefined || this.#subscribed?.to === wire) return;
    const all = this.#from.subjects.map((subject) => this.#subscribeTo(wire, subject));
    this.#subscribed = { to: wire, all };
  }

  #subscribeTo(wire: Wire, subject: string): WireSubscription {
    const { queue } = this.#from;
    const reader = {
      received: (message: ReceivedMessage): void => this.#receive(message),
      // The link reports it.
      denied(): void {},
    };
    return wire.subscribe(subject, reader, queue === undefined ? {} : { queue });
  }

  #receive(message: ReceivedMessage): void {
    this.#inbox.push(this.#delivery(message));
    while (this.#inbox.size > this.#most.messages || (this.#inbox.bytes > this.#most.bytes && this.#inbox.size > 1)) {
      this.#inbox.dropOldest();
      this.#dropped += 1;
    }
    if (this.#dropped === this.#reportedDrops || this.#reportTimer !== undefined) return;
    // A short burst gives one report. A long one gives a report at intervals, and one after its end.
    const waitMs = Math.max(GATHER_MS, this.#reportedAtMs + REPORT_AGAIN_MS - performance.now());
    this.#reportTimer = setTimeout(() => this.#reportDropped(), waitMs);
  }

  #reportDropped(): void {
    clearTimeout(this.#reportTimer);
    this.#reportTimer = undefined;
    const messages = this.#dropped - this.#reportedDrops;
    if (messages === 0) return;
    this.#reportedDrops = this.#dropped;
    this.#reportedAtMs = performance.now();
    const text = `came faster than the route can pass on: ${messages} of the oldest messages dropped, ${this.#dropped} so far`;
    this.#context.report({ kind: 'loss', code: 'CORE_OVERRUN', text, messages });
  }

  async #denied(subject: string): Promise<void> {
    const text = `the server denies reading ${subject}; grant it, or fix subjects`;
    this.#link.problem('BUS_AUTH', text);
    this.#link.suspensions.suspend(subject, `BUS_AUTH ${text}`);
    this.#denials += 1;
    const mine = this.#denials;
    await pause(backoffMs(RETRY, this.#denials), this.#link.signal);
    const { to, all } = this.#subscribed ?? {};
    if (to === undefined || all === undefined || this.#link.closed || !this.#from.subjects.includes(subject)) return;
    // The client has ended the subscription; the permission may have been granted since.
    all.push(this.#subscribeTo(to, subject));
    // A denial arrives before the PONG of a flush that follows the subscription.
    const flushed = this.#link.connection?.flush() ?? Promise.resolve();
    await withDeadline(flushed, FLUSH_MS, () => new Error('not in time')).catch(() => {});
    if (mine === this.#denials && this.#link.up)
      this.#link.suspensions.resume(subject, `the server grants reading ${subject}`);
  }

  #delivery(message: ReceivedMessage): CoreDelivery {
    const { headers, headerTypes, id, contentType, expiresAtMs } = readHeaders(message, this.#note);
    this.#count += 1;
    return {
      id: `${this.#nonce}:${this.#count}`,
      frame: {
        address: message.subject(),
        key: undefined,
        headers,
        headerTypes,
        body: message.body(),
        id,
        contentType,
        timestampMs: undefined,
        expiresAtMs,
      },
      attempt: 1,
      settle,
      bytes: message.bytes,
    };
  }
}

/** In messages. `window`: the route's, in messages. */
function burstOf(window: number): number {
  return Math.min(window * BURST.windows, Math.max(BURST.ofMessages, window * BURST.windowsBeyond));
}
