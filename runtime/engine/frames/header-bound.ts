import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';

/**
 * Most header values of one message. No publisher needs so many. Every hop reads each value and copies it several times;
 * a megabyte of header names would block the event loop for longer than a tenth of a second.
 */
export const MOST_HEADER_VALUES = 10_000;

/** The number of header values; a name without a value counts as one. */
function countOf({ headers }: Pick<Frame, 'headers'>): number {
  if (headers.size === 0) return 0;
  let count = 0;
  for (const values of headers.values()) count += values.length;
  return Math.max(count, headers.size);
}

export function hasTooManyHeaders(frame: Pick<Frame, 'headers'>): boolean {
  return countOf(frame) > MOST_HEADER_VALUES;
}

/** Throws HEADERS_TOO_MANY for a frame above the bound, before its body and its templates are read. */
export function boundHeaders(frame: Pick<Frame, 'headers'>): void {
  const count = countOf(frame);
  if (count <= MOST_HEADER_VALUES) return;
  const text = `expected a message of at most ${MOST_HEADER_VALUES} header values, found one of ${count}`;
  throw new SluiceError('HEADERS_TOO_MANY', text, { place: { stage: 'decode' } });
}
