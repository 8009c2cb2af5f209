import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Message } from '#contract/message.ts';
import type { Joined } from '#contract/stage.ts';
import { attemptOf, type InFlight, type Processing } from './in-flight.ts';
import type { JoinedAt } from './process/run-stages.ts';

/** The deliveries whose messages the stages of a route keep, by the frame that each message was made from. */
export class KeptMessages {
  readonly #byFrame = new Map<Frame, InFlight>();

  keep(inFlight: InFlight): void {
    inFlight.state = { at: 'kept', attempt: attemptOf(inFlight.state) };
    this.#byFrame.set(inFlight.envelope.delivery.frame, inFlight);
  }

  /**
   * A stage has joined kept messages with the one of this delivery: they go on with it, from the next stage on. Throws
   * INTERNAL for a message that no stage keeps; then nothing has changed.
   */
  join(inFlight: InFlight, state: Processing, { joined: { messages, of }, from }: JoinedAt): void {
    const joined = [...state.joined, ...this.#take(of)];
    inFlight.state = { ...state, attempt: 1, input: messages, from, joined };
  }

  /** A stage has a result that no message caused: the first of its kept messages carries it on. Throws as `join`. */
  emitted({ messages, of }: Joined, from: number): InFlight {
    const [first, ...joined] = this.#take(of);
    if (first === undefined) throw new SluiceError('INTERNAL', 'a stage has emitted a result of no message');
    first.state = { at: 'process', attempt: 1, input: messages, from, unreachableSinceMs: undefined, joined };
    return first;
  }

  #take(messages: readonly Message[]): readonly InFlight[] {
    const taken = messages.map(({ origin, id }) => {
      const inFlight = this.#byFrame.get(origin);
      if (inFlight === undefined) throw new SluiceError('INTERNAL', `a stage has joined ${id}, which it does not keep`);
      return inFlight;
    });
    for (const { origin } of messages) this.#byFrame.delete(origin);
    return taken;
  }
}
