import { createHash } from 'node:crypto';
import { bytesFor } from '#contract/body.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Receipt, Sink, RecoveredLog, RecoveryQuery } from '#contract/sink.ts';
import { bytesOfText } from '#kit/raw-text.ts';
import type { Msg, NatsConnection, Subscription } from '../client/library.ts';
import { InFlightTable } from '../../support/in-flight-table.ts';
import type { Denial, Link } from '../client/link.ts';
import { headerBlock, payloadText } from '../client/raw-message.ts';
import { headerBytes, line, MESSAGE_ID } from '../write-headers.ts';
import type { HeaderBlock } from '../client/header-block.ts';
import { PerSubjectSender } from './per-subject-sender.ts';
import { readPublishAck } from './publish-ack.ts';
import { subjects } from '../subject.ts';

/** A publish without an answer yet. */
interface Published {
  readonly subject: string;
  readonly deadlineMs: number;
}

/** The sink's stream. */
export interface Target {
  readonly stream: string;
  readonly timeoutMs: number;
  /** Whether the stream has several replicas, and so a leader that may change under an open connection. */
  readonly isReplicated: boolean;
  /** Whether the stream takes a time to live with each message. */
  readonly takesTtl: boolean;
  /** Spells the headers for NATS. */
  spell(frame: Frame): Frame;
  /** Reads the newest ids of the route from the stream. */
  recoverIds(wanted: RecoveryQuery, signal: AbortSignal): Promise<RecoveredLog>;
  /** How long after a failed send the stream still removes a duplicate by its id. */
  readonly removesForMs: number;
  /** Called when JetStream answers that the stream is gone: checks the stream and reports its fault. Never throws. */
  streamGone(): void;
}

/**
 * A publisher with one inbox for all answers: the client's own publisher makes a timer and two errors for each call. A
 * number at the end of the inbox matches an answer to its send. One timer checks the deadlines of the table, which has the
 * order of the calls.
 */
export class JetStreamSink implements Sink {
  readonly maxInFlight = 512;
  readonly removesForMs: number;
  readonly #link: Link;
  readonly #block: HeaderBlock;
  readonly #target: Target;
  readonly #serverHeaders: string;
  readonly #inbox: string;
  readonly #inFlight = new InFlightTable<Published>();
  readonly #perSubject = new PerSubjectSender();
  #connection: NatsConnection;
  #answers: Subscription;
  #count = 0;
  #sweeper: NodeJS.Timeout | undefined;

  /** `inbox`: an inbox of the client without other use; answers arrive below it. */
  constructor(link: Link, connection: NatsConnection, block: HeaderBlock, inbox: string, target: Target) {
    this.#link = link;
    this.#block = block;
    this.#target = target;
    this.removesForMs = target.removesForMs;
    this.#serverHeaders = line('Nats-Expected-Stream', target.stream);
    this.#inbox = `${inbox}.`;
    this.#connection = connection;
    this.#answers = this.#subscribe();
    link.listen({
      up: (again) => this.#resume(again),
      down: () => this.#failAll(this.#down()),
      denied: (denial) => this.#denied(denial),
    });
  }

  send(frame: Frame): Promise<Receipt> {
    // A leader that steps down may refuse a message while its successor stores the next one: a failure that is seen later is too late.
    return this.#target.isReplicated
      ? this.#perSubject.send(frame.address, () => this.#publish(frame))
      : this.#publish(frame);
  }

  #publish(frame: Frame): Promise<Receipt> {
    // While the connection is lost the client would accept the message and silently discard it.
    if (!this.#link.up) throw this.#down();
    // Invariant 8: the message may have waited behind another one of its subject.
    if (frame.expiresAtMs !== undefined && frame.expiresAtMs <= Date.now()) {
      throw new SluiceError('EXPIRED', 'expired before it could be sent');
    }
    const flaw = subjects.flaw(frame.address);
    if (flaw !== undefined) throw new SluiceError('ADDRESS_INVALID', `the subject holds ${flaw}`);
    const headers = this.#headers(frame);
    const body = bytesFor('NATS', frame);
    const bytes = body.length + headers.length;
    const most = this.#connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
    if (bytes > most) {
      throw new SluiceError('SINK_TOO_LARGE', `${bytes} bytes with headers, and the server's max_payload is ${most}`);
    }
    this.#count += 1;
    const token = this.#count;
    try {
      const reply = this.#inbox + token;
      this.#connection.publish(frame.address, body, { reply, headers: this.#block.holding(headers) });
    } catch (error) {
      // While the connection is open, the cause is something in the message that the client cannot write.
      throw this.#connection.isClosed() ? this.#link.error('SINK_DOWN', 'the client takes no messages', error) : error;
    }
    this.#sweeper ??= setTimeout(() => this.#sweep(), this.#target.timeoutMs);
    const deadlineMs = performance.now() + this.#target.timeoutMs;
    return this.#inFlight.await(token, { subject: frame.address, deadlineMs });
  }

  recoverIds(wanted: RecoveryQuery, signal: AbortSignal): Promise<RecoveredLog> {
    return this.#target.recoverIds(wanted, signal);
  }

  async close(): Promise<void> {
    this.#answers.unsubscribe();
    await this.#link.close();
    this.#failAll(this.#down());
  }

  #headers(frame: Frame): Uint8Array {
    const spelled = this.#target.spell(frame);
    // The stream removes duplicates also of an id that NATS cannot spell: by its digest.
    const id = spelled.id ?? (frame.id === undefined ? undefined : digestOf(frame.id));
    return headerBytes(spelled, this.#serverHeadersOf(id, frame.expiresAtMs)) ?? new Uint8Array();
  }

  #serverHeadersOf(id: string | undefined, expiresAtMs: number | undefined): string {
    // The id first: `headerBytes` looks for it there.
    let lines = id === undefined ? this.#serverHeaders : line(MESSAGE_ID, id) + this.#serverHeaders;
    if (expiresAtMs !== undefined && this.#target.takesTtl) {
      const seconds = Math.max(1, Math.ceil((expiresAtMs - Date.now()) / 1000));
      lines += `Nats-TTL: ${seconds}s\r\n`;
    }
    return lines;
  }

  #subscribe(): Subscription {
    return this.#connection.subscribe(`${this.#inbox}*`, {
      callback: (error, message) => {
        if (error === null) this.#answered(message);
        else
          this.#link.problem(
            'BUS_AUTH',
            'the server denies reading _INBOX.>, where confirmations come; grant it',
            error,
          );
      },
    });
  }

  #resume(connection: NatsConnection): void {
    // The client renews its subscriptions after a reconnect.
    if (this.#connection === connection && !this.#answers.isClosed()) return;
    this.#connection = connection;
    this.#answers = this.#subscribe();
  }

  #answered(message: Msg): void {
    const token = Number(message.subject.slice(this.#inbox.length));
    // A late answer: the send has failed already, and the engine sends the frame again with the same id.
    if (!this.#inFlight.has(token)) return;
    const answer = readPublishAck(payloadText(message), headerBlock(message));
    if ('receipt' in answer) {
      this.#inFlight.confirm(token, answer.receipt);
      return;
    }
    this.#inFlight.fail(token, this.#link.error(answer.code, answer.text));
    if (answer.gone) this.#target.streamGone();
  }

  #sweep(): void {
    const nowMs = performance.now();
    this.#sweeper = undefined;
    for (const [token, { deadlineMs }] of this.#inFlight.entries()) {
      if (deadlineMs > nowMs) {
        this.#sweeper = setTimeout(() => this.#sweep(), deadlineMs - nowMs);
        return;
      }
      const text = `no confirmation within ${this.#target.timeoutMs} ms; raise timeout, or check the stream`;
      this.#inFlight.fail(token, this.#link.error('SINK_TIMEOUT', text));
    }
  }

  #denied({ operation, subject: denied }: Denial): void {
    if (operation !== 'publish') return;
    for (const [token, { subject }] of this.#inFlight.entries()) {
      if (subject !== denied) continue;
      this.#inFlight.fail(token, this.#link.error('SINK_DENIED', `the server denies publishing to ${denied}`));
    }
  }

  #failAll(failure: SluiceError): void {
    clearTimeout(this.#sweeper);
    this.#sweeper = undefined;
    this.#inFlight.failAll(failure);
  }

  #down(): SluiceError {
    return this.#link.error('SINK_DOWN', 'the connection is away');
  }
}

function digestOf(id: string): string {
  return createHash('sha256').update(bytesOfText(id)).digest('base64url');
}
