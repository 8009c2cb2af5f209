import type { InFlight } from './in-flight.ts';
import type { Route } from './route.ts';

/**
 * What a route remembers of a delivery that ended as a dead letter: that its message was passed on would be another thing.
 * By the delivery's own id: a message that its publisher sends again after its first became a dead letter is tried again.
 */
export function deadIdOf({ delivery }: InFlight): string {
  // No message's own id begins so: pipeline and route stand before it, and hold no white space.
  return `dead ${delivery.id}`;
}

/**
 * When the route remembers that this message ended, in milliseconds since 1970 (UTC). A letter that comes back has, and is
 * no repetition for that; nor is what was never delivered before, where its bus can tell.
 */
export function knownSinceMs({ processedIds }: Route, inFlight: InFlight): number | undefined {
  if (processedIds === undefined) return undefined;
  const passedMs = processedIds.addedAtMs(inFlight.id);
  const { replay, attempt } = inFlight.delivery;
  return passedMs ?? (replay === undefined && attempt !== 1 ? processedIds.addedAtMs(deadIdOf(inFlight)) : undefined);
}
