import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Message } from '#contract/message.ts';
import { Dropped, isKept, type Kept } from '#contract/stage.ts';
import { type Envelope, messageOf, type Processing } from '../in-flight.ts';
import type { Route } from '../route-parts.ts';
import { decode, encode } from '../frames/codec-steps.ts';
import { JoinedAt, type Passed, runStages } from './run-stages.ts';
import { watched } from '../frames/watched.ts';

/** The frames to send, for each sink of the route in its place. */
export type FramesBySink = readonly (readonly Frame[])[];

/** The result of one attempt. */
export type Made = FramesBySink | Dropped | Kept | JoinedAt | SluiceError;

/**
 * Runs the stages and encodes their results for every sink. Changes nothing: observers alone see it. A promise only where
 * a stage returned one. Never throws or rejects: a failure is a result. When one of several messages of a delivery fails,
 * none of them is sent.
 */
export function process(route: Route, envelope: Envelope, state: Processing): Made | Promise<Made> {
  try {
    const input = state.input ?? decodedAgain(route, envelope);
    const passed = runStages({ route, envelope, number: state.attempt }, input, state.from);
    if (!(passed instanceof Promise)) return encoded(route, envelope, passed);
    return passed.then((late) => encoded(route, envelope, late)).catch((thrown: unknown) => asSluiceError(thrown));
  } catch (thrown) {
    return asSluiceError(thrown);
  }
}

function decodedAgain(route: Route, envelope: Envelope): Message {
  const { delivery } = envelope;
  return messageOf(
    envelope,
    watched(route, delivery, 'decode', () => decode(route.policy, delivery.frame)),
  );
}

function encoded(route: Route, envelope: Envelope, passed: Passed): Made {
  if (passed instanceof Dropped || passed instanceof JoinedAt || isKept(passed)) return passed;
  const messages = 'origin' in passed ? [passed] : passed;
  return watched(route, envelope.delivery, 'encode', () =>
    route.ends.sinks.map((end) => messages.map((message) => encode(end, envelope, message))),
  );
}
