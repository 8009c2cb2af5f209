import { asSluiceError } from '#contract/errors.ts';
import { DELIVERED, type End, refused } from '../in-flight.ts';
import { atSink } from '../sink-name.ts';

/**
 * The end of a message that goes to several sinks, of the ends at each: refused where one of them refused it (the first
 * counts), delivered where one of them has it, else as the first one ended it.
 */
export function endOfSinks(before: End | undefined, end: End): End {
  if (before === undefined || before.kind === 'refused') return before ?? end;
  if (end.kind === 'refused') return end;
  return end.kind === 'delivered' ? DELIVERED : before;
}

/** The end at one sink of a list: a refusal names it. */
export function endAtSink(end: End, sink: number): End {
  return end.kind === 'refused' ? refused(asSluiceError(atSink(end.failure, sink))) : end;
}
