import type { SettledOutcome } from '#contract/trace.ts';
import type { Counters } from '../counters.ts';

/** Counts a delivery that is settled (invariant 3). */
export function countEnd(counters: Counters, outcome: SettledOutcome): void {
  counters.held -= 1;
  switch (outcome) {
    case 'delivered':
      counters.delivered += 1;
      return;
    case 'dropped':
      counters.dropped += 1;
      return;
    case 'repeated':
      counters.dropped += 1;
      counters.repeated += 1;
      return;
    case 'superseded':
      counters.superseded += 1;
      return;
    case 'expired':
      counters.expired += 1;
      return;
    case 'dead-lettered':
      counters.deadLettered += 1;
      return;
    case 'blocked':
      counters.blocked += 1;
  }
}
