/** Something that can stand in a SwapSet. */
export interface Member {
  /** Written by the crowd alone. */
  place: number;
}

/** A set of objects without order, in which joining and leaving cost nothing: each knows its own place. */
export class SwapSet<T extends Member> {
  readonly #members: T[] = [];

  get size(): number {
    return this.#members.length;
  }

  add(member: T): void {
    member.place = this.#members.length;
    this.#members.push(member);
  }

  delete(member: T): void {
    const last = this.#members.pop();
    if (last === undefined || last === member) return;
    last.place = member.place;
    this.#members[member.place] = last;
  }

  /** Everyone, as of now. */
  all(): readonly T[] {
    return [...this.#members];
  }
}
