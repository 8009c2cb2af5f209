import type { NoticeCode } from '#contract/event-codes.ts';
import type { BusContext, EndOptions } from '#contract/bus.ts';
import { speller } from '#contract/carried-headers.ts';
import { connectionReader } from '#contract/connection-reader.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import { promisedResult, type Receipt, type SendResult } from '#contract/send-result.ts';
import type { Sink } from '#contract/sink.ts';
import { durationMs } from '#kit/quantity.ts';
import { type Connect, type IClientOptions, loadForSink } from './client/library.ts';
import type { Connection } from './client/connection.ts';
import { clientOptions, targetOf } from './client/connect-options.ts';
import { Confirmations } from './confirmations.ts';
import { problem, type Target } from './client/connect-failure.ts';
import { headerSpelling, withoutHeaders } from './header-spelling.ts';
import { Link, type LinkEnd, type Live } from './client/link.ts';
import type { MqttConnection, MqttTo } from './options.ts';
import { pubackRefusal } from './client/puback-refusal.ts';
import { publishPacket, type PublishSettings } from './client/publish-packet.ts';
import { topicGrammar } from './topics.ts';

/** More brings no gain, and a crash sends so many again. */
const MAX_IN_FLIGHT = 256;
const MAX_EXPIRY_SECONDS = 0xffffffff;
const NO_MATCHING_SUBSCRIBERS = 0x10;
const PACKET_TOO_LARGE = 0x95;
/** Connections in a row that the server ended over our packets without confirming one. */
const SUSPICIOUS_ENDS = 3;

export async function openSink(options: EndOptions<MqttConnection, MqttTo>, context: BusContext): Promise<Sink> {
  const sink = new MqttSink(await loadForSink(options.connection.url), options, context);
  await sink.open();
  return sink;
}

/**
 * Publishes over the client's connection with own packet ids. The client would store unconfirmed messages and send them
 * again on its own, one by one, in conflict with the engine's resending.
 */
class MqttSink implements Sink, LinkEnd {
  readonly #link: Link;
  readonly #context: BusContext;
  readonly #target: Target;
  readonly #settings: PublishSettings;
  readonly #spell: (frame: Frame) => Frame;
  readonly #confirmations: Confirmations;
  #live: Live | undefined;
  #maxInFlight = MAX_IN_FLIGHT;
  #maxPacketBytes = Infinity;
  #isCorked = false;
  #writes = 0;
  #confirmedHere = 0;
  #suspiciousEnds = 0;
  #isUnheardReported = false;

  constructor(connect: Connect, options: EndOptions<MqttConnection, MqttTo>, context: BusContext) {
    const { connection, end } = options;
    const read = connectionReader(options);
    this.#context = context;
    this.#target = targetOf(connection, context);
    this.#settings = { isFive: connection.protocol === '5', qos: end.qos === 0 ? 0 : 1, retain: end.retain };
    this.#spell = this.#settings.isFive ? speller(context, headerSpelling) : (frame) => withoutHeaders(context, frame);
    const timeoutMs = durationMs(end.timeout);
    this.#confirmations = new Confirmations(timeoutMs, () => this.#silent(timeoutMs));
    // No session: the engine sends again on its own, and needs no state of the server.
    const clean = (): IClientOptions => ({ ...clientOptions(read(), this.#target), clean: true });
    this.#link = new Link(connect, clean, this.#target, context, this);
  }

  get maxInFlight(): number {
    return this.#maxInFlight;
  }

  open(): Promise<void> {
    return this.#link.open();
  }

  send(frame: Frame): Promise<Receipt> {
    return promisedResult((result) => this.sendTo(frame, result));
  }

  sendTo(frame: Frame, result: SendResult): void {
    const live = this.#live;
    if (live === undefined) throw this.#error('SINK_DOWN', 'not connected');
    const flaw = topicGrammar.flaw(frame.address);
    if (flaw !== undefined) throw this.#error('ADDRESS_INVALID', `cannot publish to ${flaw}`);
    const { qos } = this.#settings;
    const packetId = qos === 0 ? 0 : this.#confirmations.nextId();
    const packet = publishPacket(this.#settings, this.#spell(frame), packetId, this.#secondsLeft(frame));
    if (packet.length > this.#maxPacketBytes) {
      throw this.#error(
        'SINK_TOO_LARGE',
        `a packet of ${packet.length} bytes, the server takes ${this.#maxPacketBytes}`,
      );
    }
    this.#cork(live);
    if (qos === 1) {
      live.connection.stream.write(packet);
      this.#confirmations.await(packetId, packet.length, result);
      return;
    }
    // QoS 0: the socket confirms the write. Negative numbers keep these sends apart from packet ids.
    this.#writes -= 1;
    const write = this.#writes;
    live.connection.stream.write(packet, (error) => {
      if (!error) this.#confirmations.answer(write, undefined);
    });
    this.#confirmations.await(write, packet.length, result);
  }

  async close(): Promise<void> {
    this.#live = undefined;
    this.#confirmations.fail(this.#error('SINK_DOWN', 'the sink is closing'));
    await this.#link.close();
  }

  attach(connection: Connection): void {
    connection.onPuback((packetId, reason) => {
      if (this.#live?.connection === connection) this.#acknowledged(packetId, reason);
    });
  }

  up(live: Live): void {
    const { properties } = live.connack;
    this.#confirmedHere = 0;
    const unable = this.#unable(properties);
    if (unable !== undefined) {
      this.#link.reportProblem(problem(this.#target, 'BUS_SETTING', unable, undefined), true);
      return;
    }
    this.#live = live;
    this.#maxInFlight = Math.min(MAX_IN_FLIGHT, properties?.receiveMaximum ?? MAX_IN_FLIGHT);
    this.#maxPacketBytes = properties?.maximumPacketSize ?? Infinity;
    this.#link.established(`up to ${this.#maxInFlight} unconfirmed`);
  }

  down(reason: number | undefined): boolean {
    this.#live = undefined;
    if (reason === PACKET_TOO_LARGE) {
      // One of the unconfirmed packets was too large, so the largest was.
      const longest = this.#confirmations.longest();
      const refusal = this.#error(
        'SINK_TOO_LARGE',
        'the server ended the connection over a packet that is too large for it',
      );
      if (longest !== undefined) this.#confirmations.answer(longest, refusal);
    } else this.#countUnconfirmedEnd(reason);
    this.#confirmations.fail(this.#error('SINK_DOWN', 'the connection ended before the confirmation'));
    return this.#confirmedHere > 0;
  }

  /** A capability that the server lacks and every publish needs. */
  #unable(properties: Live['connack']['properties']): string | undefined {
    if (this.#settings.qos === 1 && properties?.maximumQoS === 0) return 'the server takes QoS 0 only: write qos: 0';
    if (this.#settings.retain && properties?.retainAvailable === false) {
      return 'the server keeps no retained messages: write retain: false';
    }
    return undefined;
  }

  #acknowledged(packetId: number, reason: number): void {
    this.#confirmedHere += 1;
    if (reason === NO_MATCHING_SUBSCRIBERS && !this.#isUnheardReported) {
      this.#isUnheardReported = true;
      this.#notice('NO_SUBSCRIBERS', 'the server confirmed a message that nobody subscribes to; it is counted as sent');
    }
    this.#confirmations.answer(packetId, pubackRefusal(reason, this.#target.connection));
  }

  /** Joins the writes of one turn of the event loop. */
  #cork(live: Live): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    live.connection.stream.cork();
    // At the end of the turn, not of the callback: the client hands over confirmations one by one, and each lets a message follow.
    setImmediate(() => {
      this.#isCorked = false;
      live.connection.stream.uncork();
    });
  }

  /** Invariant 8: nothing is sent that has expired; the server counts whole seconds. */
  #secondsLeft({ expiresAtMs }: Frame): number | undefined {
    if (expiresAtMs === undefined) return undefined;
    const leftMs = expiresAtMs - Date.now();
    if (leftMs <= 0) throw this.#error('EXPIRED', 'expired before it could be sent');
    return Math.min(Math.ceil(leftMs / 1000), MAX_EXPIRY_SECONDS);
  }

  #silent(timeoutMs: number): void {
    this.#confirmations.fail(this.#error('SINK_TIMEOUT', `no confirmation for ${timeoutMs} ms`));
    // Confirmations of the failed packets may still be under way: they cannot reach a new connection.
    this.#live?.connection.stream.destroy();
  }

  /** A server that ends every connection at the first publish refuses that packet; version 3.1.1 has no reason for it. */
  #countUnconfirmedEnd(reason: number | undefined): void {
    const isSuspicious = this.#confirmedHere === 0 && this.#confirmations.size > 0;
    this.#suspiciousEnds = isSuspicious ? this.#suspiciousEnds + 1 : 0;
    if (this.#suspiciousEnds !== SUSPICIOUS_ENDS) return;
    const said = reason === undefined ? 'without a reason' : `reason 0x${reason.toString(16)}`;
    this.#notice(
      'SINK_ENDS_CONNECTIONS',
      `the server ended ${SUSPICIOUS_ENDS} connections in a row at the first publish (${said}): a message may be larger than it takes, or not permitted; it is sent again until it is confirmed`,
    );
  }

  #error(
    code: 'SINK_DOWN' | 'SINK_TIMEOUT' | 'SINK_TOO_LARGE' | 'ADDRESS_INVALID' | 'EXPIRED',
    text: string,
  ): SluiceError {
    const { connection } = this.#target;
    return new SluiceError(code, `${connection}: ${text}`, { place: { bus: connection } });
  }

  #notice(code: NoticeCode, text: string): void {
    this.#context.report({
      kind: 'notice',
      code,
      text: `${this.#target.connection} (${this.#target.address}): ${text}`,
    });
  }
}
