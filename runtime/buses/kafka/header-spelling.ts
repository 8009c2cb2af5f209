import type { Spelling } from '#contract/carried-headers.ts';

/** A name is any text, a value any bytes or null. */
export const headerSpelling: Spelling = {
  bus: 'Kafka',
  canSpell: (_, values) => values.length > 0,
};
