/** Numbers above `above`, up to and including `upTo`, that were not read. */
interface Range {
  readonly above: number;
  upTo: number;
}

const MAX_RANGES = 64;

/**
 * The unread part of a growing sequence of numbers whose newest are read first: each read leaves a range below it. Of too
 * many ranges the oldest two become one; the reader skips the numbers between them that were read.
 */
export class UnreadRanges {
  readonly #ranges: Range[] = [];
  #top = 0;

  /** `last`: the greatest number there is. Undefined when everything is read. */
  newest(last: number): Readonly<Range> | undefined {
    if (last > this.#top) {
      this.#ranges.push({ above: this.#top, upTo: last });
      this.#top = last;
      const [first, second] = this.#ranges;
      if (this.#ranges.length > MAX_RANGES && first !== undefined && second !== undefined) {
        this.#ranges.splice(0, 2, { above: first.above, upTo: second.upTo });
      }
    }
    return this.#ranges.at(-1);
  }

  /** The newest range was read down to `number`; 0: it holds nothing more. */
  readDownTo(number: number): void {
    const range = this.#ranges.at(-1);
    if (range === undefined) return;
    if (number - 1 <= range.above) this.#ranges.pop();
    else range.upTo = number - 1;
  }
}
