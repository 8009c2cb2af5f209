import { DELIVERED, type End } from '../in-flight.ts';

/**
 * The end of a message that goes to several sinks, of the ends at each: refused where one of them refused it (the first
 * counts), delivered where one of them has it, else as the first one ended it.
 */
export function endOfSinks(before: End | undefined, end: End): End {
  if (before === undefined || before.kind === 'refused') return before ?? end;
  if (end.kind === 'refused') return end;
  return end.kind === 'delivered' ? DELIVERED : before;
}
