/** Something that can stand in a LinkedList. Both are written by the chain alone; undefined while it stands in none. */
export interface Link<T> {
  before: T | undefined;
  after: T | undefined;
  isLinked: boolean;
}

/** A queue that anyone in it can leave from the middle, in constant time. One place a member. */
export class LinkedList<T extends Link<T>> {
  #first: T | undefined;
  #last: T | undefined;

  get first(): T | undefined {
    return this.#first;
  }

  get last(): T | undefined {
    return this.#last;
  }

  /** To the end; who stands in the chain already moves there. */
  push(member: T): void {
    this.delete(member);
    member.before = this.#last;
    member.isLinked = true;
    if (this.#last === undefined) this.#first = member;
    else this.#last.after = member;
    this.#last = member;
  }

  /** Who does not stand in it stays as it is. */
  delete(member: T): void {
    if (!member.isLinked) return;
    if (member.before === undefined) this.#first = member.after;
    else member.before.after = member.after;
    if (member.after === undefined) this.#last = member.before;
    else member.after.before = member.before;
    member.before = undefined;
    member.after = undefined;
    member.isLinked = false;
  }
}
