import { createHash } from 'node:crypto';
import { bytesFor } from '#contract/body.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import { promisedResult, type Receipt, reportTo, type SendResult } from '#contract/send-result.ts';
import type { Sink, RecoveredLog, RecoveryQuery } from '#contract/sink.ts';
import { bytesOfText } from '#kit/raw-text.ts';
import { InFlightTable, type PendingSend } from '../../support/in-flight-table.ts';
import type { Denial, Link } from '../client/link.ts';
import { numberAt } from '../byte-text.ts';
import type { ReceivedMessage } from '../client/received-message.ts';
import type { Wire, WireSubscription } from '../client/wire.ts';
import { headerLines, line, MESSAGE_ID, ownLines, sharedLineEncoder } from '../write-headers.ts';
import { PerSubjectSender } from './per-subject-sender.ts';
import { confirmationReader, readPublishAck } from './publish-ack.ts';
import { subjects } from '../subject.ts';

/** A publish without an answer yet. */
interface Published extends PendingSend {
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
  readonly #target: Target;
  readonly #expectedStream: string;
  readonly #sharedLines = sharedLineEncoder();
  readonly #inbox: string;
  readonly #inFlight = new InFlightTable<Published>();
  readonly #perSubject = new PerSubjectSender();
  readonly #isConfirmation = confirmationReader();
  #wire: Wire;
  #answers: WireSubscription;
  #count = 0;
  #sweeper: NodeJS.Timeout | undefined;

  /** `inbox`: an inbox of the client without other use; answers arrive below it. */
  constructor(link: Link, wire: Wire, inbox: string, target: Target) {
    this.#link = link;
    this.#target = target;
    this.removesForMs = target.removesForMs;
    this.#expectedStream = line('Nats-Expected-Stream', target.stream);
    this.#inbox = `${inbox}.`;
    this.#wire = wire;
    this.#answers = this.#subscribe();
    link.listen({
      up: () => this.#resume(),
      down: () => this.#failAll(this.#down()),
      denied: (denial) => this.#denied(denial),
    });
  }

  send(frame: Frame): Promise<Receipt> {
    // A leader that steps down may refuse a message while its successor stores the next one: a failure that is seen later is too late.
    const publish = (): Promise<Receipt> => promisedResult((result) => this.#publish(frame, result));
    return this.#target.isReplicated ? this.#perSubject.send(frame.address, publish) : publish();
  }

  sendTo(frame: Frame, result: SendResult): void {
    if (this.#target.isReplicated) reportTo(result, this.send(frame));
    else this.#publish(frame, result);
  }

  #publish(frame: Frame, result: SendResult): void {
    // While the connection is lost, or is another one whose answers are not subscribed to yet, the message would be lost.
    if (!this.#link.up || this.#link.wire !== this.#wire) throw this.#down();
    // Invariant 8: the message may have waited behind another one of its subject.
    if (frame.expiresAtMs !== undefined && frame.expiresAtMs <= Date.now()) {
      throw new SluiceError('EXPIRED', 'expired before it could be sent');
    }
    const flaw = subjects.flaw(frame.address);
    if (flaw !== undefined) throw new SluiceError('ADDRESS_INVALID', `the subject holds ${flaw}`);
    this.#count += 1;
    const token = this.#count;
    const spelled = this.#target.spell(frame);
    const shared = this.#sharedLines(spelled);
    const control = this.#serverHeaders(spelled, frame);
    const headers = shared === undefined ? headerLines(spelled, control) : ownLines(spelled, control);
    this.#wire.publisher.publish(frame.address, this.#inbox + token, headers, bytesFor('NATS', frame), shared);
    this.#sweeper ??= setTimeout(() => this.#sweep(), this.#target.timeoutMs);
    const deadlineMs = performance.now() + this.#target.timeoutMs;
    this.#inFlight.add(token, { subject: frame.address, deadlineMs, result });
  }

  recoverIds(wanted: RecoveryQuery, signal: AbortSignal): Promise<RecoveredLog> {
    return this.#target.recoverIds(wanted, signal);
  }

  async close(): Promise<void> {
    this.#answers.unsubscribe();
    await this.#link.close();
    this.#failAll(this.#down());
  }

  #serverHeaders(spelled: Frame, { id: given, expiresAtMs }: Frame): string {
    // The stream removes duplicates also of an id that NATS cannot spell: by its digest.
    const id = spelled.id ?? (given === undefined ? undefined : digestOf(given));
    // The id first: `headerLines` looks for it there.
    let lines = id === undefined ? this.#expectedStream : line(MESSAGE_ID, id) + this.#expectedStream;
    if (expiresAtMs !== undefined && this.#target.takesTtl) {
      const seconds = Math.max(1, Math.ceil((expiresAtMs - Date.now()) / 1000));
      lines += `Nats-TTL: ${seconds}s\r\n`;
    }
    return lines;
  }

  #subscribe(): WireSubscription {
    return this.#wire.subscribe(`${this.#inbox}*`, {
      received: (message) => this.#answered(message),
      denied: (failure) => {
        const text = 'the server denies reading _INBOX.>, where confirmations come; grant it';
        this.#link.problem('BUS_AUTH', text, failure);
      },
    });
  }

  #resume(): void {
    const { wire } = this.#link;
    // The client renews its subscriptions after a reconnect.
    if (wire === undefined || (this.#wire === wire && !this.#answers.isClosed())) return;
    this.#wire = wire;
    this.#answers = this.#subscribe();
  }

  #answered(message: ReceivedMessage): void {
    const { buffer, bodyFrom, bodyTo, subjectFrom, subjectTo } = message;
    const token = numberAt(buffer, subjectFrom + this.#inbox.length, subjectTo);
    if (this.#isConfirmation(buffer, bodyFrom, bodyTo)) {
      this.#inFlight.confirm(token, 'confirmed');
      return;
    }
    // A late answer: the send has failed already, and the engine sends the frame again with the same id.
    if (!this.#inFlight.has(token)) return;
    const answer = readPublishAck(buffer.toString(undefined, bodyFrom, bodyTo), message.headerBlock());
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
    const late: number[] = [];
    for (const [token, { deadlineMs }] of this.#inFlight.entries()) {
      if (deadlineMs > nowMs) {
        this.#sweeper = setTimeout(() => this.#sweep(), deadlineMs - nowMs);
        break;
      }
      late.push(token);
    }
    const text = `no confirmation within ${this.#target.timeoutMs} ms; raise timeout, or check the stream`;
    for (const token of late) this.#inFlight.fail(token, this.#link.error('SINK_TIMEOUT', text));
  }

  #denied({ operation, subject: denied }: Denial): void {
    if (operation !== 'publish') return;
    // The engine may send the next message to it before this loop ends: that one has an answer of its own.
    const failed = [...this.#inFlight.entries()].filter(([, { subject }]) => subject === denied);
    for (const [token] of failed) {
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
