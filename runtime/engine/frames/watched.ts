import type { Delivery } from '#contract/delivery.ts';
import { isStackOverflow, SluiceError } from '#contract/errors.ts';
import { STEPS } from '#contract/event-loop-watchdog.ts';
import type { Route } from '../route-parts.ts';

/** Runs a step of the runtime under the event-loop watchdog, where the route reads the body. Throws a SluiceError. */
export function watched<Made>(
  { policy, observers }: Route,
  delivery: Delivery,
  step: keyof typeof STEPS,
  act: () => Made,
): Made {
  if (policy.decoding === undefined) return act();
  const { eventLoopWatchdog } = observers;
  eventLoopWatchdog?.begin(STEPS[step], delivery);
  try {
    return act();
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
