import type { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Receipt } from '#contract/sink.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import type { InFlight } from '../in-flight.ts';
import { laneOf } from '../lane-of.ts';
import { type ReplayHeaders, replayHeadersOf, withReplayHeaders } from './replay-headers.ts';
import type { OutgoingFrame, Sending } from './pipelined-sender.ts';
import type { Route } from '../route.ts';

interface FrameCallbacks {
  /** The frame must be sent once more under another id. */
  again(inFlight: InFlight, renamed: Frame): void;
  /** The sink has confirmed or refused one frame of the message. */
  sent(inFlight: InFlight): void;
}

/** An outgoing frame that is counted and traced. */
export class TracedFrame implements OutgoingFrame {
  readonly frame: Frame;
  sends = 0;
  faults = 0;
  state: OutgoingFrame['state'] = 'waiting';
  readonly #route: Route;
  readonly #inFlight: InFlight;
  readonly #callbacks: FrameCallbacks;
  readonly #isMarked: boolean;
  #isStale = false;

  constructor(route: Route, inFlight: InFlight, frame: Frame, callbacks: FrameCallbacks) {
    this.frame = frame;
    this.#route = route;
    this.#inFlight = inFlight;
    this.#callbacks = callbacks;
    this.#isMarked = CLASSES[route.trafficClass].marksRepeats;
  }

  sending(): Sending | undefined {
    const mark = this.#isMarked ? this.#mark() : undefined;
    const span = this.#inFlight.trace?.send(this.frame);
    if (span === undefined && mark === undefined) return undefined;
    const frame = span === undefined ? this.frame : { ...this.frame, headers: span.headers };
    return { frame: mark === undefined ? frame : withReplayHeaders(frame, mark), end: (failure) => span?.end(failure) };
  }

  confirmed(receipt: Receipt): void {
    const { counters } = this.#route;
    counters.sent += 1;
    counters.retries += this.sends - 1;
    if (receipt === 'duplicate' && this.sends === 1 && this.#inFlight.delivery.attempt === 1) {
      const renamed = renameIfSwallowed(this.#route, this.#inFlight, this.frame);
      if (renamed !== undefined) return this.#callbacks.again(this.#inFlight, renamed);
    }
    this.#callbacks.sent(this.#inFlight);
  }

  #mark(): ReplayHeaders | undefined {
    const { sequences, sequence } = this.#route;
    if (sequence !== undefined && this.sends === 1) {
      const lane = laneOf(this.#inFlight);
      this.#isStale = sequences.isStale(lane, this.#inFlight.sequence);
      sequences.sent(lane, this.#inFlight.sequence);
    }
    return replayHeadersOf(this.#inFlight, this.sends, this.#isStale);
  }

  refused(failure: SluiceError): void {
    this.#inFlight.refusal ??= failure;
    this.#callbacks.sent(this.#inFlight);
  }
}

/**
 * Handles "already stored" for a delivery that is new and was sent once: another message had the same id. If the
 * publisher, or the route's template, made the id, the message counts as stored. If the id was made of the bus's
 * coordinates, these repeat (MQTT packet ids are reused), and the frame with another id is returned.
 */
export function renameIfSwallowed(route: Route, inFlight: InFlight, frame: Frame): Frame | undefined {
  const { counters, log, name } = route;
  const named = route.id !== undefined || inFlight.delivery.frame.id !== undefined;
  if (counters.unexplainedDuplicates === 0) {
    log.warn('unexplained-duplicate', {
      route: name,
      id: frame.id,
      text: named
        ? 'the sink already held this id and dropped the message: the publisher, or the id template of the route, gave two messages one id'
        : 'the sink already held this id: the coordinates of the source came round; the message was sent under another id',
    });
  }
  counters.unexplainedDuplicates += 1;
  return named ? undefined : { ...frame, id: `${frame.id}~${counters.unexplainedDuplicates}` };
}
