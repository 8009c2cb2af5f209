import type { Headers } from '#contract/frame.ts';

/** One that a bus refuses is sent smaller. */
export const BOMB_SIZES = [1, 1 / 16] as const;
export type BombSize = (typeof BOMB_SIZES)[number];

/** Headers that no publisher means, by a number: each kind comes up again and again. About 800 kB at the size 1. */
export function headerBomb(number: number, size: BombSize): Headers {
  const count = 80_000 * size;
  const length = 800_000 * size;
  switch (number % 6) {
    case 0:
      return new Map(Array.from({ length: count }, (_, at) => [`h${at}`, ['1']]));
    case 1:
      return new Map([['h', Array.from({ length: count }, () => '1')]]);
    case 2:
      return new Map(Array.from({ length: 16 }, (_, at) => [`h${at}`, ['v'.repeat(length / 16)]]));
    case 3:
      return new Map([['n'.repeat(length), ['v']]]);
    case 4:
      // Bytes that are no UTF-8 (kit/raw-text.ts), as a name and as a value.
      return new Map([['\udcff'.repeat(length / 2), ['\udce4'.repeat(length / 2)]]]);
    default:
      // A name that the bridge reads in any spelling, in each of its spellings.
      return new Map(
        Array.from({ length: 2048 }, (_, at) => [spelling(at), Array.from({ length: count / 5000 }, () => '')]),
      );
  }
}

/** Of `traceparent`: each bit of the number says of one letter whether it is a capital. */
function spelling(number: number): string {
  return Array.from('traceparent', (letter, at) => ((number >> at) & 1 ? letter.toUpperCase() : letter)).join('');
}
