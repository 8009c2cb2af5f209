import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';

/**
 * Header values of one message. No publisher means so many. Every hop of a message looks at each of them and copies them
 * several times; a megabyte of nothing but names would hold up all others for longer than a tenth of a second.
 */
export const MOST_HEADER_VALUES = 10_000;

/** Refuses what has more, before anything else looks at them. */
export function boundHeaders({ headers }: Pick<Frame, 'headers'>): void {
  if (headers.size === 0) return;
  let count = 0;
  for (const values of headers.values()) count += values.length;
  // A name without a value is one too.
  count = Math.max(count, headers.size);
  if (count <= MOST_HEADER_VALUES) return;
  const text = `expected a message of at most ${MOST_HEADER_VALUES} header values, found one of ${count}`;
  throw new SluiceError('HEADERS_TOO_MANY', text, { place: { stage: 'decode' } });
}
