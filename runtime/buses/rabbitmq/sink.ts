import { bytesFor } from '#contract/body.ts';
import type { BusContext, EndOptions } from '#contract/bus.ts';
import { speller } from '#contract/carried-headers.ts';
import { messageOf, type SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import { promisedResult, type Receipt, type SendResult } from '#contract/send-result.ts';
import type { Sink } from '#contract/sink.ts';
import { durationMs } from '#kit/quantity.ts';
import { asBuffer } from '#kit/as-buffer.ts';
import { Publisher } from './client/publisher.ts';
import { Confirms } from './client/confirms.ts';
import { Fence } from './fence.ts';
import { headerSpelling } from './header-spelling.ts';
import { Link, type LinkEnd } from './client/link.ts';
import type { RabbitConnection, RabbitTo } from './options.ts';
import { publishOptions, type PublishSettings } from './publish-options.ts';
import { checkQueueSettings } from './queue-settings.ts';
import { routingKeys } from './routing-key.ts';
import { meaningOf, closeReason } from './client/close-reason.ts';
import type { Session } from './client/session.ts';
import { PoisonDetector } from './poison-detector.ts';
import { ensureExchange, ensureQueue } from './client/topology.ts';

/** More brings no gain, and a crash sends so many again. */
const MAX_IN_FLIGHT = 1000;
/** A server that has just started returns messages to a stream until the stream has a leader. */
const GRACE_MS = 5000;
/**
 * A restarted server may take longer until it routes as before. For so long, or until it has routed one message, a returned
 * message is not at fault.
 */
const RETURN_MS = 30_000;
/** The part of the negotiated frame size that is reserved for other fields than headers. */
const FRAME_OVERHEAD = 4096;
/** The client's bound for a header table. */
const MAX_TABLE_BYTES = 65_536;
const TOO_LARGE_TABLE = /exceeds the \d+ byte/;

export async function openSink(options: EndOptions<RabbitConnection, RabbitTo>, context: BusContext): Promise<Sink> {
  const sink = new RabbitSink(options, context);
  await sink.open();
  return sink;
}

/** The publishing channel of one session. */
interface Live {
  readonly session: Session;
  readonly publisher: Publisher;
  readonly confirms: Confirms;
}

/** Publishes with confirmations and with `mandatory`: the server returns a message that no queue takes, instead of dropping it. */
class RabbitSink implements Sink, LinkEnd {
  readonly maxInFlight = MAX_IN_FLIGHT;
  readonly #link: Link;
  readonly #connection: RabbitConnection;
  readonly #to: RabbitTo;
  readonly #settings: PublishSettings;
  readonly #spell: (frame: Frame) => Frame;
  readonly #exchange: string;
  /** Whether the address has a placeholder: then an unroutable message is the message's own fault. */
  readonly #isTemplate: boolean;
  readonly #timeoutMs: number;
  readonly #poison = new PoisonDetector();
  readonly #fence: Fence | undefined;
  #live: Live | undefined;
  #hasBeenLive = false;
  /** From the server's refusal of a larger message. */
  #maxBytes = Number.POSITIVE_INFINITY;

  constructor(options: EndOptions<RabbitConnection, RabbitTo>, context: BusContext) {
    const { connection, end } = options;
    this.#connection = connection;
    this.#to = end;
    this.#settings = { persistent: end.persistent, priority: end.priority };
    this.#spell = speller(context, headerSpelling(end.type === 'stream'));
    this.#exchange = end.exchange ?? '';
    this.#isTemplate = (end.routingKey ?? end.queue ?? '').replaceAll('{{', '').includes('{');
    this.#timeoutMs = durationMs(end.timeout);
    this.#link = new Link(options, context, this);
    if (context.isFenced) this.#fence = new Fence(this.#link, context);
  }

  async open(): Promise<void> {
    await this.#link.open();
    const { queue } = this.#to;
    if (queue !== undefined && !this.#isTemplate) void checkQueueSettings(this.#link, queue);
  }

  async start(session: Session): Promise<string> {
    const { exchange, exchangeType, queue, type } = this.#to;
    const { create } = this.#connection;
    if (exchange !== undefined) await ensureExchange(session, { name: exchange, type: exchangeType, create });
    else if (queue !== undefined && !this.#isTemplate) await ensureQueue(session, { name: queue, type, create });
    await this.#fence?.hold(session);
    const publisher = await Publisher.open(session);
    const confirms = new Confirms(this.#timeoutMs, () => this.#silent(session, confirms));
    const startMs = performance.now();
    const isBack = this.#hasBeenLive;
    const isStarting = (): boolean => {
      const ageMs = performance.now() - startMs;
      return ageMs < GRACE_MS || (isBack && ageMs < RETURN_MS && !confirms.hasStored);
    };
    publisher.listen({
      answered: (tag, multiple, isStored) => confirms.answer(tag, multiple, isStored ? undefined : this.#notStored()),
      returned: (message) => confirms.returned(message, this.#unroutable(isStarting())),
    });
    this.#hasBeenLive = true;
    if (!session.isOver) this.#live = { session, publisher, confirms };
    return exchange === undefined ? 'publishes to queues' : `publishes to exchange ${exchange}`;
  }

  send(frame: Frame): Promise<Receipt> {
    return promisedResult((result) => this.sendTo(frame, result));
  }

  sendTo(frame: Frame, result: SendResult): void {
    const live = this.#live;
    if (live === undefined) throw this.#link.error('SINK_DOWN', 'not connected');
    if (live.session.isBlocked) {
      // The server would read the message after the alarm, even when this process has ended by then.
      throw this.#link.error('SINK_DOWN', 'the server takes nothing until its alarm is over');
    }
    const { address: routingKey } = frame;
    const flaw = routingKeys.flaw(routingKey);
    if (flaw !== undefined) throw this.#link.error('ADDRESS_INVALID', `the routing key holds ${flaw}`);
    const body = asBuffer(bytesFor('RabbitMQ', frame));
    if (body.length > this.#maxBytes) throw this.#tooLarge(body.length, this.#maxBytes);
    const spelled = this.#spell(frame);
    const options = publishOptions(this.#settings, spelled, this.#timeLeftMs(frame));
    this.#checkHeaderSize(spelled, live.session);
    try {
      live.publisher.publish(this.#exchange, routingKey, body, options);
    } catch (thrown) {
      if (live.session.isOver) throw this.#link.error('SINK_DOWN', 'the connection ended', thrown);
      const code = TOO_LARGE_TABLE.test(messageOf(thrown)) ? 'SINK_TOO_LARGE' : 'SINK_REFUSED';
      throw this.#link.error(code, `AMQP cannot carry the headers: ${messageOf(thrown)}`, thrown);
    }
    live.confirms.await({ routingKey, messageId: options.messageId, body }, result);
  }

  async close(): Promise<void> {
    const live = this.#live;
    this.#live = undefined;
    live?.confirms.fail(this.#link.error('SINK_DOWN', 'the sink is closing'));
    await this.#link.close();
  }

  over(failure: Error | undefined): boolean {
    const live = this.#live;
    this.#live = undefined;
    if (live === undefined) return false;
    const { confirms } = live;
    if (failure !== undefined) this.#blame(failure, confirms);
    confirms.fail(this.#link.error('SINK_DOWN', 'the connection ended before the confirmation'));
    return confirms.answered > 0;
  }

  explain(failure: Error): SluiceError | undefined {
    const reason = closeReason(failure);
    if (reason === undefined || messageAtFault(reason.text) !== undefined) return undefined;
    const [code, text] = meaningOf(reason) ?? [];
    return code === undefined || text === undefined ? undefined : this.#link.error(code, text, failure);
  }

  blocked(isBlocked: boolean): void {
    this.#live?.confirms.hold(isBlocked);
  }

  /** Finds the message over which the server closed the channel without naming it: sent again, it would close the next one too. */
  #blame(failure: Error, confirms: Confirms): void {
    const reason = closeReason(failure);
    if (reason === undefined) return;
    const fault = messageAtFault(reason.text);
    if (fault === undefined) {
      const alone = confirms.only;
      if (alone === undefined || !this.#poison.isProven(reason, alone)) return;
      const text = `the server ended one connection after the other over this message alone (${reason.code} ${reason.text})`;
      confirms.blame(() => true, this.#link.error('SINK_REFUSED', text));
    } else if (fault.kind === 'topic') {
      const refusal = this.#link.error(
        'SINK_DENIED',
        'the server denies our user this routing key; grant it, or fix the address',
      );
      confirms.blame(({ routingKey }) => routingKey === fault.routingKey, refusal);
    } else {
      this.#maxBytes = fault.maxBytes;
      const refusal = this.#tooLarge(fault.bytes, fault.maxBytes);
      confirms.blame(({ body }) => body.length > fault.maxBytes, refusal, true);
    }
  }

  #silent(session: Session, confirms: Confirms): void {
    confirms.fail(this.#link.error('SINK_TIMEOUT', `no confirmation for ${this.#timeoutMs} ms`));
    // Confirmations of the failed sends may still be under way: they cannot reach a new connection.
    session.end(new Error('the server confirms nothing'));
  }

  #notStored(): SluiceError {
    const text = 'the server did not store it: a queue is full and rejects publishes, or cannot write';
    return this.#link.error('SINK_DOWN', text);
  }

  #unroutable(isStarting: boolean): SluiceError {
    const { exchange, queue } = this.#to;
    if (this.#isTemplate) {
      const cause =
        exchange === undefined
          ? 'there is no queue of that name'
          : `no queue is bound to exchange ${exchange} for its routing key`;
      return isStarting
        ? this.#link.error('SINK_DOWN', `the server sent a message back: ${cause}, or not yet (NO_ROUTE)`)
        : this.#link.error('SINK_REFUSED', `the server sent it back: ${cause} (NO_ROUTE)`);
    }
    const missing =
      exchange === undefined
        ? `queue ${queue} does not exist`
        : `no queue is bound to exchange ${exchange} for what this route sends`;
    const error = this.#link.error('BUS_MISSING', `the server sent a message back: ${missing} (NO_ROUTE)`);
    this.#link.reportProblem(error);
    return error;
  }

  #tooLarge(bytes: number, maxBytes: number): SluiceError {
    return this.#link.error('SINK_TOO_LARGE', `${bytes} bytes, the server's max_message_size is ${maxBytes}`);
  }

  /** Invariant 8: nothing is sent that has expired. */
  #timeLeftMs({ expiresAtMs }: Frame): number | undefined {
    if (expiresAtMs === undefined) return undefined;
    const leftMs = expiresAtMs - Date.now();
    if (leftMs <= 0) throw this.#link.error('EXPIRED', 'expired before it could be sent');
    return leftMs;
  }

  /** AMQP does not split headers over frames: a header frame over frame_max ends the connection, and the client checks only its own bound. */
  #checkHeaderSize(frame: Frame, session: Session): void {
    const most = session.maxFrameBytes - FRAME_OVERHEAD;
    if (most >= MAX_TABLE_BYTES) return;
    let bytes = 0;
    for (const [name, values] of frame.headers) {
      for (const value of values) bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 16;
    }
    if (bytes > most) {
      throw this.#link.error(
        'SINK_TOO_LARGE',
        `${bytes} bytes of headers, the server's frame_max leaves ${most} for them`,
      );
    }
  }
}

type Fault =
  | { readonly kind: 'topic'; readonly routingKey: string }
  | { readonly kind: 'size'; readonly bytes: number; readonly maxBytes: number };

const TOPIC = /access to topic '([\s\S]*)' in exchange '[^']*' in vhost/;
const SIZE = /message size (\d+) is larger than configured max size (\d+)/;

/** The message that the server's reason is about; undefined when it is about the route. */
function messageAtFault(text: string): Fault | undefined {
  const routingKey = TOPIC.exec(text)?.[1];
  if (routingKey !== undefined) return { kind: 'topic', routingKey };
  const [, bytes, maxBytes] = SIZE.exec(text) ?? [];
  if (bytes === undefined || maxBytes === undefined) return undefined;
  return { kind: 'size', bytes: Number(bytes), maxBytes: Number(maxBytes) };
}
