import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Receipt } from '#contract/sink.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import type { Clock } from '../clock.ts';
import {
  DELIVERED,
  type End,
  type InFlight,
  isRevoked,
  laneOf,
  newerOf,
  refused,
  SUPERSEDED_BY_SENT,
} from '../in-flight.ts';
import { expired, isExpired } from './expiry.ts';
import type { SendAttempt } from './send-attempt.ts';
import type { SendContext } from './send-context.ts';
import { renamedIfSwallowed } from './swallowed.ts';
import { traced } from './traced.ts';

/** All frames of one delivery, in a class that has one message of a key in flight at a time. */
export class OutgoingMessage {
  readonly lane: string;
  readonly frames: Frame[];
  /** Written by PerKeySender alone: attempts to send. */
  sends = 0;
  /** Written by PerKeySender alone: failed attempts that were the message's own fault. */
  faults = 0;
  /** How many frames, from the first one on, the sink has confirmed. */
  confirmed = 0;
  readonly #context: SendContext;
  readonly #inFlight: InFlight;

  constructor(context: SendContext, inFlight: InFlight, frames: readonly Frame[]) {
    this.lane = laneOf(inFlight.envelope);
    this.frames = [...frames];
    this.#context = context;
    this.#inFlight = inFlight;
  }

  get expiresAtMs(): number | undefined {
    return this.#inFlight.envelope.expiresAtMs;
  }

  /** The newer of this message and a later one of its key; undefined where both are to be sent. */
  newerOf(later: OutgoingMessage): OutgoingMessage | undefined {
    const newer = newerOf(this.#inFlight, later.#inFlight);
    if (newer === undefined) return undefined;
    return newer === this.#inFlight ? this : later;
  }

  /** The end of a message that must not be sent when its turn comes. Without one it counts as sent from now on. */
  endUnsent(clock: Clock): End | undefined {
    const end = this.#endBefore(clock);
    const { history, sink } = this.#context;
    if (end === undefined) history.handedOver(this.#inFlight.envelope, sink);
    return end;
  }

  ended(end: End): void {
    this.#context.report(this.#inFlight, end);
  }

  sending(frame: Frame): SendAttempt | undefined {
    return traced(this.#inFlight.envelope, frame, this.#context.sink);
  }

  /** The sink has confirmed the first of the unconfirmed frames. */
  confirm(receipt: Receipt): void {
    const frame = this.frames[this.confirmed];
    if (frame === undefined) return;
    const { envelope } = this.#inFlight;
    const renamed = renamedIfSwallowed(this.#context, envelope, frame, this.sends, receipt);
    if (renamed === undefined) this.confirmed += 1;
    else this.frames[this.confirmed] = renamed;
  }

  /** Resolves once the earlier ends of its lane are durable; undefined when they are. */
  pending(): Promise<void> | undefined {
    return this.#context.history.pending(this.lane);
  }

  delivered(): void {
    this.#context.report(this.#inFlight, DELIVERED);
  }

  refused(failure: SluiceError): void {
    this.#context.report(this.#inFlight, refused(failure));
  }

  superseded(by: OutgoingMessage): void {
    this.#context.report(this.#inFlight, { kind: 'superseded', by: by.#inFlight });
  }

  #endBefore(clock: Clock): End | undefined {
    const { history, route, sink } = this.#context;
    const { envelope } = this.#inFlight;
    if (isRevoked(envelope)) return { kind: 'repeated', cause: 'revoked', earlierMs: undefined };
    // Invariant 8: an expired message is never handed to a sink.
    if (isExpired(envelope, clock)) return refused(expired());
    const earlierMs = history.processedAtMs(envelope);
    if (earlierMs !== undefined) return { kind: 'repeated', cause: 'remembered', earlierMs };
    if (!history.isStale(envelope, sink)) return undefined;
    if (CLASSES[route.policy.trafficClass].stale === 'superseded') return SUPERSEDED_BY_SENT;
    return refused(new SluiceError('STALE', 'a newer one of its key was sent before'));
  }
}
