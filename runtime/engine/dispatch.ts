import type { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Receipt } from '#contract/sink.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import type { Job } from './job.ts';
import { laneOf } from './lane-of.ts';
import { type Mark, markOf, marked } from './marks.ts';
import type { Parcel, Sending } from './outbox.ts';
import type { Route } from './route.ts';

interface Answers {
  /** The frame must go out once more under another id. */
  again(job: Job, renamed: Frame): void;
  /** The sink has answered for one frame of the job, one way or the other. */
  sent(job: Job): void;
}

/** A frame on its way, counted and traced. */
export class Dispatch implements Parcel {
  readonly frame: Frame;
  sends = 0;
  faults = 0;
  state: Parcel['state'] = 'waiting';
  readonly #route: Route;
  readonly #job: Job;
  readonly #answers: Answers;
  readonly #isMarked: boolean;
  #isStale = false;

  constructor(route: Route, job: Job, frame: Frame, answers: Answers) {
    this.frame = frame;
    this.#route = route;
    this.#job = job;
    this.#answers = answers;
    this.#isMarked = CLASSES[route.trafficClass].marksRepeats;
  }

  sending(): Sending | undefined {
    const mark = this.#isMarked ? this.#mark() : undefined;
    const span = this.#job.trace?.send(this.frame);
    if (span === undefined && mark === undefined) return undefined;
    const frame = span === undefined ? this.frame : { ...this.frame, headers: span.headers };
    return { frame: mark === undefined ? frame : marked(frame, mark), end: (failure) => span?.end(failure) };
  }

  confirmed(receipt: Receipt): void {
    const { counters } = this.#route;
    counters.sent += 1;
    counters.retries += this.sends - 1;
    if (receipt === 'duplicate' && this.sends === 1 && this.#job.delivery.attempt === 1) {
      const renamed = swallowed(this.#route, this.#job, this.frame);
      if (renamed !== undefined) return this.#answers.again(this.#job, renamed);
    }
    this.#answers.sent(this.#job);
  }

  #mark(): Mark | undefined {
    const { freshness, sequence } = this.#route;
    if (sequence !== undefined && this.sends === 1) {
      const lane = laneOf(this.#job);
      this.#isStale = freshness.isStale(lane, this.#job.sequence);
      freshness.sent(lane, this.#job.sequence);
    }
    return markOf(this.#job, this.sends, this.#isStale);
  }

  refused(failure: SluiceError): void {
    this.#job.refusal ??= failure;
    this.#answers.sent(this.#job);
  }
}

/**
 * The sink says it holds this id already, yet the delivery is new and was sent once: another message wore the same id.
 * Where the publisher chose the id, that is the publisher's word and stands. Where the id was made from the bus's
 * coordinates, the coordinates repeat (an MQTT packet id comes round), and the message goes out under another id.
 */
export function swallowed(route: Route, job: Job, frame: Frame): Frame | undefined {
  const { counters, log, name } = route;
  const named = route.id !== undefined || job.delivery.frame.id !== undefined;
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
