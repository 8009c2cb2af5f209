import type { BusContext, EndOptions } from '#contract/bus.ts';
import { connectionReader } from '#contract/connection-reader.ts';
import type { Delivery, Outcome } from '#contract/delivery.ts';
import { NOT_NOTED, type NoteOddity, oddityNotes } from '#contract/oddity.ts';
import type { Demand, Source } from '#contract/source.ts';
import { AsyncQueue } from '#kit/async-queue.ts';
import { IntMap } from '#kit/int-map.ts';
import { durationMs } from '#kit/quantity.ts';
import { type Connect, loadForSource } from './client/library.ts';
import type { Connection, ReceivedPublish } from './client/connection.ts';
import { problem, type Target } from './client/connect-failure.ts';
import { clientOptions, targetOf } from './client/connect-options.ts';
import { Link, type LinkEnd, type Live } from './client/link.ts';
import { Probe, type ProbedSource } from './client/probe.ts';
import { Pubacks, type UnackedPublish } from './client/pubacks.ts';
import { type Refusal, Subscription } from './client/subscription.ts';
import { MessageIds } from './message-ids.ts';
import type { MqttConnection, MqttFrom } from './options.ts';
import { ReceiveWindow } from '../support/receive-window.ts';
import { receivedFrame } from './received-frame.ts';
import { SourceReports } from './source-reports.ts';

/** With this error for its callback the client sends no PUBACK and goes on with the next packet. */
const DEFERRED = new Error('acknowledged later');
/** 0xFFFFFFFF would mean that the session never expires. */
const MAX_SESSION_SECONDS = 0xfffffffe;

interface Received extends Delivery {
  readonly bytes: number;
}

/** A packet that did not fit into the window. Until its callback is called, the client reads nothing more. */
interface HeldPacket {
  readonly packet: ReceivedPublish;
  readonly bytes: number;
  readonly next: (error?: Error) => void;
}

export async function openSource(options: EndOptions<MqttConnection, MqttFrom>, context: BusContext): Promise<Source> {
  const source = new MqttSource(await loadForSource(options.connection.url), options, context);
  await source.open();
  return source;
}

/**
 * At least once at QoS 1: the source sends the PUBACK instead of the client, after the engine has settled the message.
 * Messages that are unsettled when a connection ends stay in `#unacked`: a redelivery is recognised, not delivered again, and
 * acknowledged over the connection that received it last.
 */
class MqttSource implements Source, LinkEnd, ProbedSource {
  readonly #link: Link;
  readonly #reports: SourceReports;
  readonly #note: NoteOddity;
  readonly #target: Target;
  readonly #window: ReceiveWindow;
  readonly #isFive: boolean;
  readonly #isPersistent: boolean;
  readonly #subscription: Subscription;
  readonly #inbox = new AsyncQueue<Received>((received) => received.bytes);
  /** By packet id: messages of this and earlier connections without a PUBACK. */
  readonly #unacked = new IntMap<UnackedPublish>();
  readonly #ids: MessageIds;
  #arrivals = 0;
  /** Received over earlier connections. */
  #arrivalsBefore = 0;
  #live: Live | undefined;
  #pubacks: Pubacks | undefined;
  #held: HeldPacket | undefined;
  #hadSession = false;
  #probe: Probe | undefined;

  constructor(connect: Connect, options: EndOptions<MqttConnection, MqttFrom>, context: BusContext) {
    const { connection, end } = options;
    const target = targetOf(connection, context);
    const sessionSeconds = Math.min(Math.ceil(durationMs(end.session) / 1000), MAX_SESSION_SECONDS);
    this.#reports = new SourceReports(context, target);
    this.#note = oddityNotes(context);
    this.#target = target;
    this.#window = new ReceiveWindow(context.window);
    this.#isFive = target.protocol === '5';
    this.#isPersistent = sessionSeconds > 0;
    this.#ids = new MessageIds(target.clientId, context, this.#note);
    const properties = {
      sessionExpiryInterval: sessionSeconds,
      receiveMaximum: Math.min(context.window.messages, 65_535),
    };
    const session = { clean: !this.#isPersistent, ...(this.#isFive && { properties }) };
    const read = connectionReader(options);
    this.#link = new Link(connect, () => ({ ...clientOptions(read(), target), ...session }), target, context, this);
    this.#subscription = new Subscription(end, this.#isFive, {
      granted: () => this.#ready(),
      lowered: (filter) => this.#reports.qosLowered(filter),
      refused: (code, text) => this.#link.reportProblem(problem(target, code, text, undefined), false),
      unanswered: () =>
        this.#link.reportProblem(
          problem(target, 'BUS_UNREACHABLE', 'the server does not answer the subscription', undefined),
          true,
        ),
      arrivals: () => this.#arrivals,
      isPaused: () => this.#held !== undefined,
    });
  }

  open(): Promise<void> {
    return this.#link.open();
  }

  read(room: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    return this.#inbox.read(room, signal);
  }

  close(): Promise<void> {
    this.#pubacks?.flush();
    return this.#link.close();
  }

  attach(connection: Connection): void {
    connection.onPublish((packet, next) => {
      // Without the callback the client of an ended connection reads no further packet.
      if (this.#live?.connection === connection) this.#receive(packet, next);
    });
    connection.onceConnected(() => this.#onConnected(connection));
  }

  up(live: Live): void {
    this.#live = live;
    this.#pubacks = new Pubacks(live.connection.stream, this.#isFive, (publish) => this.#forget(publish));
    const hadSession = this.#hadSession || this.#ids.hadSession;
    this.#ids.connected(live.connack.sessionPresent);
    if (live.connack.sessionPresent) return;
    // The server has lost the session: packet ids begin again, and an old one would acknowledge another message.
    this.#unacked.clear();
    if (this.#isPersistent && hadSession) this.#reports.sessionLost();
  }

  down(): boolean {
    const wasUseful = this.#arrivals > this.#arrivalsBefore;
    this.#arrivalsBefore = this.#arrivals;
    this.#live = undefined;
    this.#pubacks?.end();
    this.#pubacks = undefined;
    this.#held = undefined;
    this.#probe?.stop();
    this.#subscription.stop();
    return wasUseful;
  }

  /** The client has handled the CONNACK; messages may have been received before. */
  #onConnected(connection: Connection): void {
    if (this.#live?.connection !== connection) return;
    const isResumed = this.#live.connack.sessionPresent;
    // The messages of a session arrive at once and may fill the window, and then no SUBACK can be read: do not wait for it.
    if (isResumed) this.#ready();
    // Subscribed again at each start: the file may have other topics than the session.
    if (!isResumed || !this.#subscription.isGranted) this.#subscription.start(connection);
    this.#probe = new Probe(connection, this.#subscription, this);
  }

  arrivals(): number {
    return this.#arrivals;
  }

  isPaused(): boolean {
    return this.#held !== undefined;
  }

  granted(): void {
    this.#link.suspensions.resume('subscription', 'the server grants the subscription again');
  }

  refused({ code, message }: Refusal): void {
    if (this.#live === undefined) return;
    this.#link.reportProblem(problem(this.#target, code, message, undefined), false);
    this.#link.suspensions.suspend('subscription', `${code} ${message}`);
  }

  silent({ message }: Error): void {
    if (this.#live !== undefined) this.#link.renew(message);
  }

  #ready(): void {
    this.#hadSession = true;
    const session = this.#live?.connack.sessionPresent === true ? 'session resumed' : 'new session';
    this.#link.established(session);
  }

  #receive(packet: ReceivedPublish, next: (error?: Error) => void): void {
    this.#arrivals += 1;
    if (packet.dup && this.#isKnown(packet)) {
      next(DEFERRED);
      return;
    }
    const bytes = packet.length ?? 0;
    if (this.#isFull(bytes)) {
      // Invariant 4. Messages that fill the window prove the subscription, and nothing else can be read now.
      this.#held = { packet, bytes, next };
      this.#ready();
      return;
    }
    this.#admit(packet, bytes);
    next(answerTo(packet));
  }

  /**
   * Whether the packet is the redelivery of a message that the engine has already: it is not delivered twice. The server may
   * not use an unacknowledged packet id for another message, and only messages without a PUBACK are looked up, so another
   * message is never mistaken for the first.
   */
  #isKnown(packet: ReceivedPublish): boolean {
    const pubacks = this.#pubacks;
    const known = this.#unacked.get(packet.messageId ?? 0);
    if (known === undefined || pubacks === undefined) return false;
    if (known.id !== this.#ids.of(known.packetId, receivedFrame(packet, NOT_NOTED))) return false;
    if (known.pubacks !== pubacks) pubacks.enter(known);
    return true;
  }

  #isFull(bytes: number): boolean {
    return this.#window.isFullFor(bytes, this.#pubacks?.size ?? 0);
  }

  #resume(): void {
    const held = this.#held;
    if (held === undefined || this.#isFull(held.bytes)) return;
    this.#held = undefined;
    this.#admit(held.packet, held.bytes);
    held.next(answerTo(held.packet));
  }

  #admit(packet: ReceivedPublish, bytes: number): void {
    const frame = receivedFrame(packet, this.#note);
    if (packet.qos !== 1) {
      const id = this.#ids.ofQos0(this.#arrivals);
      const isRetained = packet.retain;
      this.#deliver({ id, frame, attempt: 1, isRetained, bytes, settle: () => this.#settled(bytes) });
      return;
    }
    const pubacks = this.#pubacks;
    if (pubacks === undefined) return;
    const packetId = packet.messageId ?? 0;
    const id = this.#ids.of(packetId, frame);
    this.#ids.noteReused(frame.id, id);
    const publish: UnackedPublish = { packetId, id, bytes, isSettled: false, isRejected: false, pubacks };
    this.#unacked.delete(packetId);
    this.#unacked.add(packetId, publish);
    pubacks.enter(publish);
    this.#deliver({
      id,
      frame,
      // DUP 0 is a first delivery [MQTT-3.3.1-2]. The engine relies on it: when the sink reports the id of a first delivery
      // as a duplicate, the packet id has wrapped with equal content, and the engine sends again under another id.
      attempt: packet.dup ? 2 : 1,
      isRetained: packet.retain,
      bytes,
      settle: (outcome) => this.#settle(publish, outcome),
    });
  }

  #deliver(received: Received): void {
    this.#window.enter(received.bytes);
    this.#inbox.push(received);
  }

  #settle(publish: UnackedPublish, { kind }: Outcome): void {
    // Released: the server sends it again after the next start, in its position.
    if (kind !== 'release') {
      publish.isSettled = true;
      publish.isRejected = kind === 'reject';
      publish.pubacks.settled();
    }
    this.#settled(publish.bytes);
  }

  #settled(bytes: number): void {
    this.#window.leave(bytes);
    this.#resume();
  }

  #forget(publish: UnackedPublish): void {
    if (this.#unacked.get(publish.packetId) === publish) this.#unacked.delete(publish.packetId);
  }
}

/** QoS 2 is never requested, but a session may have an earlier subscription with it: the client then acknowledges itself. */
function answerTo(packet: ReceivedPublish): Error | undefined {
  return packet.qos === 2 ? undefined : DEFERRED;
}
