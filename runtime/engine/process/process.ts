import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import { type Message, withBody } from '#contract/message.ts';
import { Dropped, isKept, type Kept } from '#contract/stage.ts';
import { type Envelope, type InFlight, decodedMessage, type Processing } from '../in-flight.ts';
import type { Route, SinkEnd } from '../route-parts.ts';
import { encode } from '../frames/codec-steps.ts';
import { decodedBody } from '../frames/decoded-body.ts';
import { isSeveral, JoinedAt, type Passed, runStages } from './run-stages.ts';
import { watched } from '../frames/watched.ts';
import { atSink } from '../sink-name.ts';

/** The frames to send, for each sink of the route in its place. */
export type FramesBySink = readonly (readonly Frame[])[];

/** The result of one attempt. */
export type Made = FramesBySink | Dropped | Kept | JoinedAt | SluiceError;

/**
 * Runs the stages and encodes their results for every sink. Changes nothing: observers alone see it, and `keep`, which is called
 * when a stage keeps a message. A promise only where a stage returned one. Never throws or rejects: a failure is a result. When
 * one of several messages of a delivery fails, none of them is sent.
 */
export function process(
  route: Route,
  inFlight: InFlight,
  state: Processing,
  keep: (inFlight: InFlight, message: Message) => void,
): Made | Promise<Made> {
  const { envelope, members } = inFlight;
  try {
    const { input } = state;
    const given = input === undefined ? decodedAgain(route, envelope) : members === undefined ? input : copied(input);
    const passed = runStages({ route, inFlight, number: state.attempt, keep }, given, state.from);
    if (!(passed instanceof Promise)) return encoded(route, envelope, passed);
    return passed.then((late) => encoded(route, envelope, late)).catch((thrown: unknown) => asSluiceError(thrown));
  } catch (thrown) {
    return asSluiceError(thrown);
  }
}

/** What deliveries are joined into cannot be decoded anew, and a function may change its argument. */
function copied(input: Message | readonly Message[]): Message | readonly Message[] {
  return isSeveral(input) ? input.map(copy) : copy(input);
}

function copy(message: Message): Message {
  return withBody(message, structuredClone(message.body));
}

function decodedAgain(route: Route, envelope: Envelope): Message {
  return decodedMessage(envelope, watched(route, 'decode', bodyOf, envelope, undefined));
}

function bodyOf({ policy }: Route, envelope: Envelope): unknown {
  return decodedBody(policy, envelope);
}

function encoded(route: Route, envelope: Envelope, passed: Passed): Made {
  if (passed instanceof Dropped || passed instanceof JoinedAt || isKept(passed)) return passed;
  return watched(route, 'encode', framesBySink, envelope, passed);
}

function framesBySink(route: Route, envelope: Envelope, passed: Message | readonly Message[]): FramesBySink {
  const { sinks } = route.ends;
  const [only] = sinks;
  // Most routes have one sink: `map` would cost more than all else here.
  if (only !== undefined && sinks.length === 1) {
    const taken = takenBy(only, passed);
    if (isSeveral(passed) && only.takes !== undefined) countUntaken(route, passed, [taken]);
    return [framesOf(only, envelope, taken)];
  }
  const takenBySink: (Message | readonly Message[])[] = [];
  const frames = sinks.map((end, at) => {
    try {
      const taken = takenBy(end, passed);
      takenBySink.push(taken);
      return framesOf(end, envelope, taken);
    } catch (thrown) {
      throw atSink(thrown, at);
    }
  });
  if (isSeveral(passed) && sinks.every(({ takes }) => takes !== undefined)) countUntaken(route, passed, takenBySink);
  return frames;
}

function takenBy({ takes }: SinkEnd, passed: Message | readonly Message[]): Message | readonly Message[] {
  if (takes === undefined) return passed;
  if (isSeveral(passed)) return passed.filter(takes);
  return takes(passed) ? passed : [];
}

function framesOf(end: SinkEnd, envelope: Envelope, taken: Message | readonly Message[]): readonly Frame[] {
  return isSeveral(taken) ? taken.map((message) => encode(end, envelope, message)) : [encode(end, envelope, taken)];
}

/** A delivery counts once, by its own end: the parts of it that no sink takes would be seen nowhere. */
function countUntaken(
  { observers }: Route,
  passed: readonly Message[],
  takenBySink: readonly (Message | readonly Message[])[],
): void {
  const taken = new Set(takenBySink.flat());
  observers.counters.partsDroppedBy['no-route'] += passed.length - taken.size;
}
