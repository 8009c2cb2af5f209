import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Message } from '#contract/message.ts';
import type { InFlight } from './in-flight.ts';

/** The deliveries whose messages the stages of a route keep, by the frame that each message was made from. */
export class KeptMessages {
  readonly #byFrame = new Map<Frame, InFlight>();

  keep(inFlight: InFlight): void {
    inFlight.state = { at: 'kept', attempt: inFlight.state.attempt };
    this.#byFrame.set(inFlight.envelope.delivery.frame, inFlight);
  }

  /** They are kept no longer. INTERNAL for a message that no stage keeps; then nothing has changed. */
  take(messages: readonly Message[]): readonly InFlight[] | SluiceError {
    const taken: InFlight[] = [];
    for (const { origin, id } of messages) {
      const inFlight = this.#byFrame.get(origin);
      if (inFlight === undefined)
        return new SluiceError('INTERNAL', `a stage has joined ${id}, which it does not keep`);
      taken.push(inFlight);
    }
    for (const { origin } of messages) this.#byFrame.delete(origin);
    return taken;
  }
}
