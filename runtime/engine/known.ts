import type { Job } from './job.ts';
import type { Route } from './route.ts';

/** What a route remembers of a message that ended as a dead letter: that it was passed on would be another thing. */
export function deadIdOf({ id }: Job): string {
  // No message's own id begins so: pipeline and route stand before it, and hold no white space.
  return `dead ${id}`;
}

/** Whether the route remembers that this message has ended. A letter that comes back has, and is no repetition for that. */
export function isKnown({ ledger }: Route, job: Job): boolean {
  if (ledger === undefined) return false;
  return ledger.has(job.id) || (job.delivery.replay === undefined && ledger.has(deadIdOf(job)));
}
