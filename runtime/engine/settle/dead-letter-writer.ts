import type { DeadLetter } from '#contract/dead-letter.ts';
import { asSluiceError, type SluiceError, UNDETERMINED } from '#contract/errors.ts';
import type { Label } from '#contract/message.ts';
import { attemptOf, type Envelope, type InFlight } from '../in-flight.ts';
import type { Policy, Route } from '../route-parts.ts';
import { untilDurable } from '../until-durable.ts';

/** The delay before a full store is tried again. */
const FULL_MS = 500;
/** How often the same failure is logged again while it lasts. */
const REPEAT_MS = 30_000;

/** Writes dead letters and retries until they are durable: a rejected message must not vanish (invariant 3). */
export class DeadLetterWriter {
  readonly #route: Route;
  #open = 0;
  #failure: { readonly code: string; readonly loggedAtMs: number } | undefined;

  constructor(route: Route) {
    this.#route = route;
  }

  /** Dead letters that are not durable yet. */
  get size(): number {
    return this.#open;
  }

  /** Never rejects. Resolves once the dead letter is durable (true), or once its delivery was released (false). */
  async write(inFlight: InFlight, failure: SluiceError): Promise<boolean> {
    this.#open += 1;
    const { deadLetters } = this.#route.stores;
    const { clock } = this.#route.observers;
    const { envelope } = inFlight;
    // All attempts, including those before a replay.
    const attempts = (envelope.delivery.replay?.attempts ?? 0) + attemptOf(inFlight.state);
    const end = envelope.trace?.deadLetter(failure, attempts);
    let number: number | undefined;
    const isWritten = await untilDurable(clock, {
      act: async () => {
        number = await deadLetters.record(this.#letter(envelope, attempts, failure));
      },
      isOver: () => inFlight.state.at === 'settled',
      failed: (thrown) => {
        const error = asSluiceError(thrown, 'STATE_UNUSABLE');
        this.#reportFailure(error);
        return error.code === 'LETTERS_FULL' ? FULL_MS : undefined;
      },
    });
    this.#open -= 1;
    end?.(number);
    if (isWritten) this.#written(envelope, attempts, failure);
    return isWritten;
  }

  #letter(envelope: Envelope, attempts: number, failure: SluiceError): DeadLetter {
    const { policy, observers } = this.#route;
    const { delivery, trace } = envelope;
    return {
      number: delivery.replay?.letter,
      pipeline: policy.pipeline,
      route: policy.name,
      coordinates: delivery.id,
      id: envelope.id,
      key: envelope.key,
      frame: delivery.frame,
      label: letterLabel(policy, envelope.label, failure.label),
      failure: failure.at({ route: policy.name }),
      attempts,
      traceId: trace?.traceId,
      spanId: trace?.spanId,
      receivedAtMs: envelope.receivedAtMs,
      diedAtMs: observers.clock.nowMs(),
    };
  }

  #written({ delivery, trace }: Envelope, attempts: number, failure: SluiceError): void {
    const { replay } = delivery;
    this.#route.observers.log.warn('dead-letter', {
      ...failure.place,
      route: this.#route.policy.name,
      code: failure.code,
      text: toldText(this.#route.policy, failure),
      delivery: delivery.id,
      attempts,
      letter: replay?.letter,
      trace: trace?.traceId,
      span: trace?.spanId,
    });
    // A replayed dead letter needs no new space, so its success does not show that the store is writable.
    if (replay === undefined) this.#recovered();
  }

  /** Logs one line, not one for each message of a waiting window. */
  #reportFailure(error: SluiceError): void {
    const { clock, log, onDeadLetters } = this.#route.observers;
    const { code } = error;
    if (this.#failure?.code === code && clock.elapsedMs() - this.#failure.loggedAtMs < REPEAT_MS) return;
    this.#failure = { code, loggedAtMs: clock.elapsedMs() };
    log.error('dead-letter-unwritten', {
      route: this.#route.policy.name,
      code,
      text: `${error.message}. ${error.remedy}`,
    });
    onDeadLetters(error);
  }

  #recovered(): void {
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    const { log, onDeadLetters } = this.#route.observers;
    log.info('dead-letters-written', { route: this.#route.policy.name });
    onDeadLetters(undefined);
  }
}

/** The text may quote data of the label that a function raised; a failure without such a label quotes nothing. */
function toldText({ labels }: Policy, { label, message }: SluiceError): string {
  const isTold = labels === undefined || label === undefined || labels.mayBeTold(label);
  return isTold ? message : 'not told: the label of what it tells of is above labels.telemetry; sluice dlq shows it';
}

/** A dead letter holds the frame and the text of the failure, and so what both tell. */
function letterLabel({ labels }: Policy, frame: Label | undefined, failure: Label | undefined): Label | undefined {
  if (labels === undefined || frame === undefined || failure === undefined || failure === frame) return frame;
  if (failure === UNDETERMINED) return undefined;
  return labels.joined([frame, failure]);
}
