import { randomBytes } from 'node:crypto';
import type { IClientOptions, MqttClient } from 'mqtt';
import type { IPublishPacket } from 'mqtt-packet';
import type { NoticeCode } from '#contract/event-codes.ts';
import type { BusContext, EndOptions } from '#contract/bus.ts';
import { connectionReader } from '#contract/connection-reader.ts';
import type { Delivery, Outcome } from '#contract/delivery.ts';
import type { Frame } from '#contract/frame.ts';
import { NOT_NOTED, type NoteOddity, oddityNotes } from '#contract/oddity.ts';
import type { Demand, Source } from '#contract/source.ts';
import { ReusedIds } from '#kit/reused-ids.ts';
import { contentId } from '#kit/content-id.ts';
import { AsyncQueue } from '#kit/async-queue.ts';
import { Liveness, NoAnswer } from '#kit/liveness.ts';
import { IntMap } from '#kit/int-map.ts';
import { durationMs } from '#kit/quantity.ts';
import { clientOptions, targetOf } from './client-options.ts';
import { problem, type Target } from './connect-failure.ts';
import { mendUserProperties } from './user-properties.ts';
import { Link, type LinkEnd, type Live } from './link.ts';
import type { MqttConnection, MqttFrom } from './options.ts';
import { PacketIdEpoch } from './packet-id-epoch.ts';
import { type Claim, Pubacks } from './pubacks.ts';
import { receivedFrame } from './received-frame.ts';
import { Refusal, Subscription } from './subscription.ts';

/** Given to the client's callback: no PUBACK of its own, go on with the next packet. */
const DEFERRED = new Error('acknowledged later');
/** Expiry of 0xFFFFFFFF would mean for ever. */
const MAX_SESSION_SECONDS = 0xfffffffe;

interface Arrival extends Delivery {
  readonly bytes: number;
}

/** A packet that did not fit. Its callback is the client's pump: until it is called, the client is deaf. */
interface Held {
  readonly packet: IPublishPacket;
  readonly bytes: number;
  readonly goOn: (error?: Error) => void;
}

export async function openSource(options: EndOptions<MqttConnection, MqttFrom>, context: BusContext): Promise<Source> {
  // Named exports of CommonJS are not there in a split bundle.
  const [{ default: mqtt }, { default: packets }] = await Promise.all([import('mqtt'), import('mqtt-packet')]);
  mendUserProperties(packets.parser);
  const source = new MqttSource(mqtt.connect, options, context);
  await source.open();
  return source;
}

/**
 * At least once at QoS 1: the client's own acknowledgements are replaced by ours, after the engine's. What the engine
 * holds when a connection ends keeps its claim: its redelivery is recognised, not delivered again, and acknowledged in
 * the connection that brought it last.
 */
class MqttSource implements Source, LinkEnd {
  readonly #link: Link;
  readonly #context: BusContext;
  readonly #note: NoteOddity;
  readonly #reused = new ReusedIds();
  readonly #target: Target;
  readonly #window: Demand;
  readonly #isFive: boolean;
  readonly #isPersistent: boolean;
  readonly #subscription: Subscription;
  readonly #inbox = new AsyncQueue<Arrival>((arrival) => arrival.bytes);
  /** By packet id: what no PUBACK was written for, of this connection and of those before. */
  readonly #claims = new IntMap<Claim>();
  /** QoS 0 has no coordinates: an id for this process and a count. */
  readonly #nonce = randomBytes(4).toString('hex');
  readonly #ring: PacketIdEpoch;
  #arrivals = 0;
  /** In earlier connections. */
  #arrivalsBefore = 0;
  #unsettled = 0;
  #unsettledBytes = 0;
  #live: Live | undefined;
  #pubacks: Pubacks | undefined;
  #held: Held | undefined;
  #ping: NodeJS.Timeout | undefined;
  #hadSession = false;
  #liveness: Liveness | undefined;

  constructor(
    connect: (options: IClientOptions) => MqttClient,
    options: EndOptions<MqttConnection, MqttFrom>,
    context: BusContext,
  ) {
    const { connection, end } = options;
    const target = targetOf(connection, context);
    const sessionSeconds = Math.min(Math.ceil(durationMs(end.session) / 1000), MAX_SESSION_SECONDS);
    this.#context = context;
    this.#note = oddityNotes(context);
    this.#target = target;
    this.#window = context.window;
    this.#isFive = target.protocol === '5';
    this.#isPersistent = sessionSeconds > 0;
    this.#ring = new PacketIdEpoch(context.checkpoint, (error) => context.report({ kind: 'problem', error }));
    const properties = {
      sessionExpiryInterval: sessionSeconds,
      receiveMaximum: Math.min(context.window.messages, 65_535),
    };
    const session = { clean: !this.#isPersistent, ...(this.#isFive && { properties }) };
    const read = connectionReader(options);
    this.#link = new Link(connect, () => ({ ...clientOptions(read(), target), ...session }), target, context, this);
    this.#subscription = new Subscription(end, this.#isFive, {
      granted: () => this.#ready(),
      lowered: (filter) =>
        this.#notice('QOS_LOWERED', `the server grants only QoS 0 for ${filter}: messages can be lost`),
      refused: (code, text) => this.#link.reportProblem(problem(target, code, text, undefined), false),
      unanswered: () =>
        this.#link.reportProblem(
          problem(target, 'BUS_UNREACHABLE', 'the server does not answer the subscription', undefined),
          true,
        ),
      heard: () => this.#arrivals,
      isDeaf: () => this.#held !== undefined,
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

  wire(client: MqttClient): void {
    client.handleMessage = (packet, goOn) => {
      // Not going on stops the pump of a connection that is over.
      if (this.#live?.client === client) this.#receive(packet, goOn);
    };
    client.once('connect', () => this.#settleIn(client));
  }

  up(live: Live): void {
    this.#live = live;
    this.#pubacks = new Pubacks(live.stream, this.#isFive, (claim) => this.#forget(claim));
    const hadSession = this.#hadSession || this.#ring.hadSession;
    this.#ring.connected(live.connack.sessionPresent);
    if (live.connack.sessionPresent) return;
    // The server has forgotten what it sent: packet ids start anew, and an old one would acknowledge a stranger.
    this.#claims.clear();
    if (this.#isPersistent && hadSession) this.#sessionLost();
  }

  down(): boolean {
    const wasUseful = this.#arrivals > this.#arrivalsBefore;
    this.#arrivalsBefore = this.#arrivals;
    this.#live = undefined;
    this.#pubacks?.end();
    this.#pubacks = undefined;
    this.#held = undefined;
    clearInterval(this.#ping);
    this.#liveness?.stop();
    this.#subscription.stop();
    return wasUseful;
  }

  /** After the client has taken note of the CONNACK; messages may have come before. */
  #settleIn(client: MqttClient): void {
    if (this.#live?.client !== client) return;
    const isResumed = this.#live.connack.sessionPresent;
    // What a session holds flows at once and may fill the window, and then no SUBACK can be heard: do not wait for it.
    if (isResumed) this.#ready();
    // Asked again at each start, for the file may name other topics than the session.
    if (!isResumed || !this.#subscription.isGranted) this.#subscription.start(client);
    if (client.keepalive > 0) this.#pingWhileBusy(client);
    this.#askWhileIdle(client);
  }

  /**
   * While the window is full the client hears no PINGRESP, and while much is buffered it hears it late; it would take
   * the server for dead, and the server us. So ping blindly, and count whatever arrives as a sign of life.
   */
  #pingWhileBusy(client: MqttClient): void {
    let heardBefore = this.#arrivals;
    this.#ping = setInterval(
      () => {
        const isBusy = this.#held !== undefined || this.#arrivals !== heardBefore;
        heardBefore = this.#arrivals;
        if (!isBusy || !client.connected) return;
        client.sendPing();
        client.reschedulePing(true);
      },
      (client.keepalive * 1000) / 3,
    );
  }

  /** PINGRESP alone is no proof that the server still has our subscriptions, and silence of a topic is none against it. */
  #askWhileIdle(client: MqttClient): void {
    let heardBefore = this.#arrivals;
    this.#liveness = new Liveness({
      ask: async () => {
        const isIdle = this.#arrivals === heardBefore && this.#held === undefined;
        heardBefore = this.#arrivals;
        if (!isIdle || !client.connected || !this.#subscription.isGranted) return;
        await this.#subscription.ask(client);
        this.#link.suspensions.resume('subscription', 'the server grants the subscription again');
      },
      onFailure: (failure) => {
        if (this.#live?.client !== client) return;
        // While messages came, or none could be taken, the answer had to wait behind them.
        const isSilent = this.#arrivals === heardBefore && this.#held === undefined;
        if (failure instanceof Refusal) {
          this.#link.reportProblem(problem(this.#target, failure.code, failure.message, undefined), false);
          this.#link.suspensions.suspend('subscription', `${failure.code} ${failure.message}`);
        } else if (failure instanceof NoAnswer && isSilent) this.#link.renew(failure.message);
      },
    });
  }

  #ready(): void {
    this.#hadSession = true;
    const session = this.#live?.connack.sessionPresent === true ? 'session resumed' : 'new session';
    this.#link.established(session);
  }

  #receive(packet: IPublishPacket, goOn: (error?: Error) => void): void {
    this.#arrivals += 1;
    if (packet.dup && this.#isOurs(packet)) {
      goOn(DEFERRED);
      return;
    }
    const bytes = packet.length ?? 0;
    if (this.#isFull(bytes)) {
      // Invariant 4. Messages that fill the window prove the subscription, and nothing else can be heard now.
      this.#held = { packet, bytes, goOn };
      this.#ready();
      return;
    }
    this.#admit(packet, bytes);
    goOn(answerTo(packet));
  }

  /**
   * Whether the server sends again what the engine holds, or has settled since: it is not delivered twice. The server
   * may not use an unacknowledged packet id for another message, and only what no PUBACK was written for is looked up,
   * so no second message can be taken for the first.
   */
  #isOurs(packet: IPublishPacket): boolean {
    const order = this.#pubacks;
    const known = this.#claims.get(packet.messageId ?? 0);
    if (
      known === undefined ||
      order === undefined ||
      known.id !== this.#idOf(known.packetId, receivedFrame(packet, NOT_NOTED))
    )
      return false;
    if (known.order !== order) order.enter(known);
    return true;
  }

  /** Counts what is unsettled and, apart from it, what is unacknowledged: settled messages behind an open one come again after a crash. */
  #isFull(bytes: number): boolean {
    const { messages, bytes: maxBytes } = this.#window;
    if (this.#unsettled >= messages || (this.#pubacks?.size ?? 0) >= messages) return true;
    return this.#unsettled > 0 && this.#unsettledBytes + bytes > maxBytes;
  }

  #resume(): void {
    const held = this.#held;
    if (held === undefined || this.#isFull(held.bytes)) return;
    this.#held = undefined;
    this.#admit(held.packet, held.bytes);
    held.goOn(answerTo(held.packet));
  }

  #admit(packet: IPublishPacket, bytes: number): void {
    const frame = receivedFrame(packet, this.#note);
    if (packet.qos !== 1) {
      const id = `${this.#target.clientId}:0:${this.#nonce}-${this.#arrivals}`;
      this.#deliver({ id, frame, attempt: 1, bytes, settle: () => this.#settled(bytes) });
      return;
    }
    const order = this.#pubacks;
    if (order === undefined) return;
    const packetId = packet.messageId ?? 0;
    const id = this.#idOf(packetId, frame);
    if (frame.id !== undefined && this.#reused.isReused(frame.id, id)) this.#note('ID_REUSED');
    const claim: Claim = { packetId, id, bytes, outcome: undefined, confirm: noConfirm, order };
    this.#claims.delete(packetId);
    this.#claims.add(packetId, claim);
    order.enter(claim);
    this.#deliver({
      id,
      frame,
      // DUP 0 is a first delivery [MQTT-3.3.1-2]. The engine relies on it: when the sink calls the id of a first
      // delivery a duplicate, the packet id has come round with equal content, and it sends again under another id.
      attempt: packet.dup ? 2 : 1,
      bytes,
      settle: (outcome) => this.#settle(claim, outcome),
    });
  }

  /**
   * The publisher's name or the packet id, and the content: the same on each redelivery, for the server keeps the packet id
   * [MQTT-4.4.0-1]. A name alone is none: a publisher that begins anew counts from 1 again.
   */
  #idOf(packetId: number, frame: Frame): string {
    const { clientId } = this.#target;
    // The ring follows every message, also those whose publisher named them.
    const place = this.#ring.name(packetId);
    const content = contentId(frame.address, undefined, frame.body);
    return frame.id === undefined ? `${clientId}:${place}-${content}` : `${clientId}:m:${frame.id}~${content}`;
  }

  #deliver(arrival: Arrival): void {
    this.#unsettled += 1;
    this.#unsettledBytes += arrival.bytes;
    this.#inbox.push(arrival);
  }

  #settle(claim: Claim, outcome: Outcome): void {
    claim.outcome = outcome.kind;
    // Given back: the server repeats it to our next start, in its place.
    if (outcome.kind !== 'release') claim.confirm();
    this.#settled(claim.bytes);
  }

  #settled(bytes: number): void {
    this.#unsettled -= 1;
    this.#unsettledBytes -= bytes;
    this.#resume();
  }

  #forget(claim: Claim): void {
    if (this.#claims.get(claim.packetId) === claim) this.#claims.delete(claim.packetId);
  }

  #sessionLost(): void {
    const { clientId } = this.#target;
    const text = `the server has no session of client ${clientId}, and the route had one: what the server held while the bridge was away is gone; how many messages, only the server knew`;
    this.#context.report({ kind: 'loss', code: 'SESSION_LOST', text: this.#placed(text) });
  }

  #notice(code: NoticeCode, text: string): void {
    this.#context.report({ kind: 'notice', code, text: this.#placed(text) });
  }

  #placed(text: string): string {
    return `${this.#target.connection} (${this.#target.address}): ${text}`;
  }
}

/** QoS 2 is never asked for, but a session may hold a subscription of another time: the client's own way then. */
function answerTo(packet: IPublishPacket): Error | undefined {
  return packet.qos === 2 ? undefined : DEFERRED;
}

function noConfirm(): void {
  // Replaced when the claim takes its place in the order of a connection.
}
