import { isStackOverflow, SluiceError } from '#contract/errors.ts';
import { STEPS } from '#contract/event-loop-watchdog.ts';
import type { Envelope } from '../in-flight.ts';
import type { Route } from '../route-parts.ts';

/**
 * Runs a step of the runtime under the event-loop watchdog, where the route reads the body. Throws a SluiceError. It takes what the
 * step works on: a closure over it would be made for each message.
 */
export function watched<Of extends Envelope, Given, Made>(
  route: Route,
  step: keyof typeof STEPS,
  act: (route: Route, envelope: Of, given: Given) => Made,
  envelope: Of,
  given: Given,
): Made {
  if (route.policy.decoding === undefined) return act(route, envelope, given);
  const { eventLoopWatchdog } = route.observers;
  eventLoopWatchdog?.begin(STEPS[step], envelope.delivery);
  try {
    return act(route, envelope, given);
  } catch (thrown) {
    throw isStackOverflow(thrown) ? tooDeep(step) : thrown;
  } finally {
    eventLoopWatchdog?.end();
  }
}

function tooDeep(stage: string): SluiceError {
  const text = 'expected a body whose nesting the stack of the process can hold, found a deeper one';
  return new SluiceError('BODY_TOO_DEEP', text, { place: { stage } });
}
