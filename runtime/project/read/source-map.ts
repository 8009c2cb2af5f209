import { isWithin, parentPointer } from '#kit/pointer.ts';

/** Where something stands in the file. Both count from 1; columns count UTF-16 units. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Where one value and the key before it stand. */
export interface Spot {
  readonly key?: Place;
  readonly value: Place;
  /** Where the first character of a text stands, when the text stands in the file as it is: no escapes, no folding. */
  readonly text?: Place;
}

const START: Place = { line: 1, column: 1 };

/** Maps pointers to places. What is not in the file stands where the map that lacks it starts. */
export class Places {
  readonly #spots: ReadonlyMap<string, Spot>;

  constructor(spots: ReadonlyMap<string, Spot>) {
    this.#spots = spots;
  }

  of(pointer: string, side: 'key' | 'value' = 'value'): Place {
    const spot = this.#spots.get(pointer);
    if (spot === undefined) return this.#holder(pointer);
    return side === 'key' ? (spot.key ?? spot.value) : spot.value;
  }

  /** Where the character at `offset` of a text value stands; where the value starts when that cannot be told. */
  inText(pointer: string, offset: number): Place {
    const text = this.#spots.get(pointer)?.text;
    if (text === undefined) return this.of(pointer);
    return { line: text.line, column: text.column + offset };
  }

  /** The same places under other pointers: what stood at or beneath the first of a pair stands at the second. */
  moved(moves: readonly (readonly [from: string, to: string])[]): Places {
    const spots = new Map(this.#spots);
    for (const [pointer, spot] of this.#spots) {
      for (const [from, to] of moves) if (isWithin(pointer, from)) spots.set(to + pointer.slice(from.length), spot);
    }
    return new Places(spots);
  }

  #holder(pointer: string): Place {
    const parent = parentPointer(pointer);
    if (parent === undefined) return START;
    const spot = this.#spots.get(parent);
    return spot === undefined ? this.#holder(parent) : (spot.key ?? spot.value);
  }
}
