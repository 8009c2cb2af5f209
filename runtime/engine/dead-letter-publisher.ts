import type { DeadLetter, DeadLetters } from '#contract/dead-letter.ts';
import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Ceiling } from '#contract/label-rules.ts';
import type { Log } from '#contract/log.ts';
import type { Label } from '#contract/message.ts';
import type { Receipt, Sink } from '#contract/sink.ts';
import type { Clock } from './clock.ts';
import { hasTooManyHeaders } from './frames/header-bound.ts';
import { hopsOf, typesLeft, withHops } from './frames/hops.ts';
import { labelled, labelNames } from './frames/label-out.ts';
import { PipelinedSender, type OutgoingFrame } from './send/pipelined-sender.ts';
import type { Template } from '#contract/template.ts';

export interface DeadLetterPublisherSettings {
  readonly sink: Sink;
  readonly address: Template;
  /** What the bus may hold; undefined where the file names no label policy. */
  readonly ceiling: Ceiling | undefined;
  /** Stores the dead letters that the bus refuses for good. */
  readonly local: DeadLetters;
  readonly attempts: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Called with false and the failure when the bus stops confirming; with true when it confirms again. */
  readonly onFlow: (isFlowing: boolean, why?: string) => void;
}

const PAUSE = { firstMs: 100, capMs: 5000 };

/** Sends the dead letters of a route to a bus: the original bytes and headers, and the reason in more headers. */
export class DeadLetterPublisher implements DeadLetters {
  readonly #settings: DeadLetterPublisherSettings;
  readonly #sender: PipelinedSender;

  constructor(settings: DeadLetterPublisherSettings) {
    this.#settings = settings;
    const { sink, clock, attempts, log, onFlow } = settings;
    this.#sender = new PipelinedSender(sink, {
      clock,
      attempts,
      drainPerSecond: undefined,
      pause: PAUSE,
      onRewind(failure, isFirst) {
        if (!isFirst) return;
        log.warn('dead-letters-stalled', { code: failure.code, text: failure.message });
        onFlow(false, `${failure.code} ${failure.message}`);
      },
      onFlow() {
        log.info('dead-letters-flow');
        onFlow(true);
      },
    });
  }

  /** Resolves once the bus has confirmed the dead letter, however long that takes. */
  record(letter: DeadLetter): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const keep = ({ code, message }: SluiceError, why = REFUSED): void => {
        this.#settings.log.warn('dead-letter-kept', {
          route: letter.route,
          code,
          text: `${message}: ${why}, it is kept in the local store`,
        });
        this.#settings.local.record(letter).then(resolve, reject);
      };
      let frame: Frame;
      try {
        const why = whyItStays(letter, this.#settings.ceiling);
        if (why !== undefined) return keep(letter.failure, why);
        frame = letterFrame(letter, this.#settings.address);
        if (this.#settings.ceiling !== undefined) frame = withLabel(frame, letter.label);
      } catch (thrown) {
        keep(asSluiceError(thrown));
        return;
      }
      const send = (sent: Frame): void => this.#sender.push(new OutgoingDeadLetter(sent, { send, resolve, keep }));
      send(frame);
    });
  }

  /** The connection is back. */
  wake(): void {
    this.#sender.wake();
  }

  stop(): void {
    this.#sender.stop();
  }
}

interface DeadLetterCallbacks {
  send(frame: Frame): void;
  resolve(number: undefined): void;
  keep(failure: SluiceError): void;
}

class OutgoingDeadLetter implements OutgoingFrame {
  readonly frame: Frame;
  sends = 0;
  faults = 0;
  state: OutgoingFrame['state'] = 'waiting';
  readonly #callbacks: DeadLetterCallbacks;

  constructor(frame: Frame, callbacks: DeadLetterCallbacks) {
    this.frame = frame;
    this.#callbacks = callbacks;
  }

  sending(): undefined {
    return undefined;
  }

  confirmed(receipt: Receipt): void {
    // Sent once and already stored: another message may have had this id. A duplicate is better than a loss.
    if (receipt === 'duplicate' && this.sends === 1 && !this.frame.id?.endsWith(AGAIN)) {
      return this.#callbacks.send({ ...this.frame, id: `${this.frame.id}${AGAIN}` });
    }
    this.#callbacks.resolve(undefined);
  }

  refused(failure: SluiceError): void {
    this.#callbacks.keep(failure);
  }
}

/** Why a dead letter must stay in the local store: it would do harm on the other bus too. Undefined: it may be sent. */
function whyItStays({ failure, frame, label }: DeadLetter, ceiling: Ceiling | undefined): string | undefined {
  if (ceiling !== undefined) {
    // A label that cannot be determined is above every other one.
    if (label === undefined) return 'it has no label that the bus of the dead letters could accept';
    if (ceiling.refusal(label) !== undefined) return 'the bus of the dead letters may not hold its label';
  }
  if (failure.code === 'LOOP_DETECTED') return 'the bus of the dead letters may be a part of the loop';
  // Whatever the cause of the dead letter is.
  return hasTooManyHeaders(frame) ? 'its headers would hold up every reader of the dead letters' : undefined;
}

function withLabel(frame: Frame, label: Label | undefined): Frame {
  const headerTypes = frame.headerTypes && typesLeft(frame.headerTypes, labelNames(frame.headerTypes));
  return { ...frame, headerTypes, headers: labelled(frame.headers, label) };
}

const REFUSED = 'the bus of the dead letters refused this one for good';
const AGAIN = '~letter';

/** The frame as it was read, with the reason in headers. Throws where a value of the address template is missing. */
export function letterFrame(letter: DeadLetter, address: Template): Frame {
  const { frame, failure } = letter;
  // A dead letter that is read again has passed this route too.
  const headers = new Map(withHops(frame.headers, hopsOf(frame) + 1));
  const facts: Readonly<Record<string, string | undefined>> = {
    'sluice-error-code': failure.code,
    'sluice-error-text': failure.message,
    'sluice-error-stage': failure.place.stage,
    'sluice-error-schema': failure.place.schema,
    'sluice-error-pointer': failure.place.pointer,
    'sluice-attempts': String(letter.attempts),
    'sluice-pipeline': letter.pipeline,
    'sluice-route': letter.route,
    'sluice-address': frame.address,
    'sluice-coordinates': letter.coordinates,
    'sluice-publisher-id': frame.id,
    'sluice-trace-id': letter.traceId,
    'sluice-expired-at': moment(frame.expiresAtMs),
    'sluice-received-at': moment(letter.receivedAtMs),
    'sluice-died-at': moment(letter.diedAtMs),
  };
  for (const [name, value] of Object.entries(facts)) {
    // Headers of an earlier dead letter are not carried over.
    headers.delete(name);
    if (value !== undefined && value !== '') headers.set(name, [oneLine(value)]);
  }
  const view = {
    id: letter.id,
    address: frame.address,
    key: letter.key,
    headers: frame.headers,
    body: undefined,
    origin: frame,
  };
  return {
    ...frame,
    headerTypes: frame.headerTypes && typesLeft(frame.headerTypes, []),
    address: address(view),
    key: letter.key ?? frame.key,
    headers,
    id: letter.id,
    // A dead letter does not expire with its message.
    expiresAtMs: undefined,
  };
}

const LONGEST = 1000;

// Some buses cannot carry a line break in a header.
function oneLine(value: string): string {
  return value
    .slice(0, LONGEST)
    .toWellFormed()
    .replaceAll(/\p{Cc}+/gu, ' ');
}

function moment(ms: number | undefined): string | undefined {
  // A header may hold any number.
  return ms === undefined || Math.abs(ms) > 8.64e15 || Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
