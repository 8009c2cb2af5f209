import { mulberry32 } from '#kit/mulberry32.ts';

/** Random choices that one number decides. */
export class Random {
  /** At least 0 and below 1. */
  readonly next: () => number;

  constructor(seed: number) {
    this.next = mulberry32(seed);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** An integer from 0 to `most`. */
  upTo(most: number): number {
    return Math.floor(this.next() * (most + 1));
  }

  of<Item>(items: readonly Item[]): Item {
    const item = items[this.upTo(items.length - 1)];
    if (item === undefined) throw new Error('expected items, found none');
    return item;
  }

  /** One to four of the items, each once. */
  some<Item>(items: readonly Item[]): readonly Item[] {
    const left = [...items];
    return Array.from({ length: Math.min(items.length, 1 + this.upTo(3)) }, () =>
      left.splice(this.upTo(left.length - 1), 1),
    ).flat();
  }
}
