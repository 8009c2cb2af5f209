import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';

/**
 * Header values of one message. No publisher means so many. Every hop of a message looks at each of them and copies them
 * several times; a megabyte of nothing but names would hold up all others for longer than a tenth of a second.
 */
export const MOST_HEADER_VALUES = 10_000;

/** How many header values a frame has; a name without a value is one too. */
function countOf({ headers }: Pick<Frame, 'headers'>): number {
  if (headers.size === 0) return 0;
  let count = 0;
  for (const values of headers.values()) count += values.length;
  return Math.max(count, headers.size);
}

export function hasTooManyHeaders(frame: Pick<Frame, 'headers'>): boolean {
  return countOf(frame) > MOST_HEADER_VALUES;
}

/** Refuses a frame that has more, before its body and its templates are read. */
export function boundHeaders(frame: Pick<Frame, 'headers'>): void {
  const count = countOf(frame);
  if (count <= MOST_HEADER_VALUES) return;
  const text = `expected a message of at most ${MOST_HEADER_VALUES} header values, found one of ${count}`;
  throw new SluiceError('HEADERS_TOO_MANY', text, { place: { stage: 'decode' } });
}
