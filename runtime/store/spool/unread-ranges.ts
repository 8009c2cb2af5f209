/** Numbers from above `above` up to `upTo` that nobody read. */
interface Gap {
  readonly above: number;
  upTo: number;
}

const MAX_GAPS = 64;

/**
 * What of a growing row of numbers was not read yet, when the newest are read first: each read leaves a gap beneath
 * it. Of too many gaps the oldest two become one; what was read between them the reader passes over.
 */
export class Unread {
  readonly #gaps: Gap[] = [];
  #top = 0;

  /** `last`: the greatest number there is. Undefined when everything is read. */
  newest(last: number): Readonly<Gap> | undefined {
    if (last > this.#top) {
      this.#gaps.push({ above: this.#top, upTo: last });
      this.#top = last;
      const [first, second] = this.#gaps;
      if (this.#gaps.length > MAX_GAPS && first !== undefined && second !== undefined) {
        this.#gaps.splice(0, 2, { above: first.above, upTo: second.upTo });
      }
    }
    return this.#gaps.at(-1);
  }

  /** The newest gap was read down to `number`; 0: it holds nothing more. */
  readDownTo(number: number): void {
    const gap = this.#gaps.at(-1);
    if (gap === undefined) return;
    if (number - 1 <= gap.above) this.#gaps.pop();
    else gap.upTo = number - 1;
  }
}
