/** A member of a SwapSet. */
export interface Member {
  /** Written by the set alone. */
  place: number;
}

/** An unordered set of objects with cheap addition and removal: each member stores its own index. */
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

  count(isCounted: (member: T) => boolean): number {
    let count = 0;
    for (const member of this.#members) if (isCounted(member)) count += 1;
    return count;
  }

  /** A snapshot of all members. */
  all(): readonly T[] {
    return [...this.#members];
  }
}
