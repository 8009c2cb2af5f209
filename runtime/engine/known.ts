import type { Job } from './job.ts';
import type { Route } from './route.ts';

/**
 * What a route remembers of a delivery that ended as a dead letter: that its message was passed on would be another thing.
 * By the delivery's own id: a message that its publisher sends again after its first became a dead letter is tried again.
 */
export function deadIdOf({ delivery }: Job): string {
  // No message's own id begins so: pipeline and route stand before it, and hold no white space.
  return `dead ${delivery.id}`;
}

/**
 * When the route remembers that this message ended, in milliseconds since 1970 (UTC). A letter that comes back has, and is
 * no repetition for that; nor is what was never delivered before, where its bus can tell.
 */
export function knownSinceMs({ ledger }: Route, job: Job): number | undefined {
  if (ledger === undefined) return undefined;
  const passedMs = ledger.addedAtMs(job.id);
  const { replay, attempt } = job.delivery;
  return passedMs ?? (replay === undefined && attempt !== 1 ? ledger.addedAtMs(deadIdOf(job)) : undefined);
}
