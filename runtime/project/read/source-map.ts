import { isWithin, parentPointer } from '#kit/pointer.ts';

/** A position in the file. Both count from 1; columns count UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The positions of one value and of the key before it. */
export interface NodePosition {
  readonly key?: Position;
  readonly value: Position;
  /** Of the character at an offset of a text; undefined where that is not known. Absent for what is no text, and for an alias. */
  readonly inText?: (offset: number) => Position | undefined;
}

const START: Position = { line: 1, column: 1 };

/** Maps JSON pointers to positions. A value that the file lacks has the position of the map that lacks it. */
export class SourceMap {
  readonly #positions: ReadonlyMap<string, NodePosition>;

  constructor(positions: ReadonlyMap<string, NodePosition>) {
    this.#positions = positions;
  }

  of(pointer: string, side: 'key' | 'value' = 'value'): Position {
    const found = this.#positions.get(pointer);
    if (found === undefined) return this.#holder(pointer);
    return side === 'key' ? (found.key ?? found.value) : found.value;
  }

  /** The position of the character at `offset` of a text value; the start of the value where that is not known. */
  inText(pointer: string, offset: number): Position {
    return this.#positions.get(pointer)?.inText?.(offset) ?? this.of(pointer);
  }

  /** The same positions under other pointers: those at or beneath the first of a pair move to the second. */
  moved(moves: readonly (readonly [from: string, to: string])[]): SourceMap {
    const positions = new Map(this.#positions);
    for (const [pointer, found] of this.#positions) {
      for (const [from, to] of moves)
        if (isWithin(pointer, from)) positions.set(to + pointer.slice(from.length), found);
    }
    return new SourceMap(positions);
  }

  #holder(pointer: string): Position {
    const parent = parentPointer(pointer);
    if (parent === undefined) return START;
    const found = this.#positions.get(parent);
    return found === undefined ? this.#holder(parent) : (found.key ?? found.value);
  }
}
