import { SluiceError } from '#contract/errors.ts';
import type { Label, Message } from '#contract/message.ts';
import type { Joined } from '#contract/stage.ts';
import type { TraceOutcome, Tracer } from '#contract/trace.ts';
import { joinedInFlight, type JoiningRoute } from './joined-in-flight.ts';
import { attemptOf, type End, type InFlight, SETTLED } from './in-flight.ts';
import { outcomeOf } from './settle/outcome-of.ts';

/** The messages that the stages of a route keep, and what they were joined into. */
export class KeptMessages {
  readonly #route: JoiningRoute;
  readonly #tracer: Tracer | undefined;
  /** By the message as the stage got it. */
  readonly #kept = new Map<Message, InFlight>();
  /** Joined and not ended. */
  readonly #joined = new Set<InFlight>();
  /** Of what was joined: those parts of it that an earlier stage had joined. */
  readonly #parts = new Map<InFlight, readonly InFlight[]>();

  constructor(route: JoiningRoute, tracer: Tracer | undefined) {
    this.#route = route;
    this.#tracer = tracer;
  }

  keep(inFlight: InFlight, message: Message): void {
    inFlight.state = { at: 'kept', attempt: attemptOf(inFlight.state) };
    this.#kept.set(message, inFlight);
  }

  /**
   * A stage has joined kept messages, and the one of `own` where one was run. They go on as one, from stage `from` on. Throws
   * INTERNAL for a message that no stage keeps, and for different labels where the route has no label rules; then nothing has
   * changed. `own.label`: of its message as the stage got it.
   */
  join(
    { messages, of }: Joined,
    from: number,
    own?: { readonly inFlight: InFlight; readonly label: Label | undefined },
  ): InFlight {
    const kept = of.map((message) => {
      const inFlight = this.#kept.get(message);
      if (inFlight === undefined) {
        throw new SluiceError('INTERNAL', `a stage has joined ${message.id}, which it does not keep`);
      }
      return inFlight;
    });
    const parts = own === undefined ? kept : [...kept, own.inFlight];
    const members = parts.flatMap((part) => part.members ?? [part]);
    const labels = [...[...of, ...messages].map(({ label }) => label), ...(own === undefined ? [] : [own.label])];
    const inFlight = joinedInFlight(this.#route, this.#tracer, { members, messages, labels }, from);
    for (const message of of) this.#kept.delete(message);
    for (const part of parts) {
      if (part.members === undefined) part.state = { at: 'kept', attempt: attemptOf(part.state) };
      else this.#joined.delete(part);
    }
    this.#joined.add(inFlight);
    const joinedBefore = parts.filter((part) => part.members !== undefined);
    if (joinedBefore.length > 0) this.#parts.set(inFlight, joinedBefore);
    return inFlight;
  }

  /** It has ended: its members end with it. */
  ended(inFlight: InFlight, end: End): void {
    this.#joined.delete(inFlight);
    this.#end(inFlight, outcomeOf(this.#route, end), end.kind === 'refused' ? end.failure : undefined);
  }

  /** Nothing of it goes on: its members are released. */
  release(): void {
    this.#kept.clear();
    for (const inFlight of this.#joined) this.#end(inFlight, 'released', undefined);
    this.#joined.clear();
  }

  /** What was joined out of others ends them too. */
  #end(inFlight: InFlight, outcome: TraceOutcome, failure: SluiceError | undefined): void {
    inFlight.state = SETTLED;
    inFlight.envelope.trace?.end(outcome, failure, undefined);
    for (const part of this.#parts.get(inFlight) ?? []) this.#end(part, outcome, failure);
    this.#parts.delete(inFlight);
  }
}
