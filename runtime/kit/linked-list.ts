/** A member of a LinkedList. All three are written by the list alone; `before` and `after` are undefined outside of a list. */
export interface Link<T> {
  before: T | undefined;
  after: T | undefined;
  isLinked: boolean;
}

/** A queue with removal from the middle in constant time. A member is in it at most once. */
export class LinkedList<T extends Link<T>> {
  #first: T | undefined;
  #last: T | undefined;

  get first(): T | undefined {
    return this.#first;
  }

  get last(): T | undefined {
    return this.#last;
  }

  /** Appends the member; one that is in the list already moves to the end. */
  push(member: T): void {
    this.delete(member);
    member.before = this.#last;
    member.isLinked = true;
    if (this.#last === undefined) this.#first = member;
    else this.#last.after = member;
    this.#last = member;
  }

  /** Has no effect on a member that is in no list. */
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
