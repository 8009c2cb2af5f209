import type { InFlight } from '../in-flight.ts';
import type { Route } from '../route.ts';

/**
 * The processed id of a delivery that ended as a dead letter. It differs from the id of a message that was sent. It is made
 * of the delivery's own id: when a publisher sends a message again after the first became a dead letter, it is tried again.
 */
export function deadIdOf({ delivery }: InFlight): string {
  // No message id begins with `dead `: it begins with pipeline and route, which hold no white space.
  return `dead ${delivery.id}`;
}

/**
 * When this message was processed, in milliseconds since 1970 (UTC); undefined: it was not. A replayed dead letter is no
 * repetition of its own dead letter, and neither is a first delivery, where its bus can tell.
 */
export function processedAtMs({ processedIds }: Route, inFlight: InFlight): number | undefined {
  if (processedIds === undefined) return undefined;
  const passedMs = processedIds.addedAtMs(inFlight.id);
  const { replay, attempt } = inFlight.delivery;
  return passedMs ?? (replay === undefined && attempt !== 1 ? processedIds.addedAtMs(deadIdOf(inFlight)) : undefined);
}
