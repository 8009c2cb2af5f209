import type { Assignment } from './assignment.ts';
import type { GroupMember } from './group-member.ts';

/** How long settlements are gathered before they are committed. */
export const GATHER_MS = 200;
const AGAIN_MS = 500;

/** What commits must know of the membership. */
export interface CommitOwner {
  /** The one in which commits are taken now; undefined when the group has gone on without us. */
  epoch(): object | undefined;
  /** A commit was not taken. True when there is no use in another one. */
  failed(thrown: unknown): boolean;
  passed(): void;
}

/** Tells the group what is settled: a while later, one commit at a time. */
export class Commits {
  readonly #member: GroupMember;
  readonly #assignment: Assignment;
  readonly #owner: CommitOwner;
  #timer: NodeJS.Timeout | undefined;
  #committing: Promise<void> | undefined;
  #isStopped = false;

  constructor(member: GroupMember, assignment: Assignment, owner: CommitOwner) {
    this.#member = member;
    this.#assignment = assignment;
    this.#owner = owner;
  }

  /** Something was settled. */
  soon(afterMs: number = GATHER_MS): void {
    if (this.#timer !== undefined || this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.now();
    }, afterMs);
  }

  /** Commits what is settled by now, after a commit that is under way. Never rejects. */
  async now(): Promise<void> {
    while (this.#committing !== undefined) await this.#committing;
    this.#committing = this.#commit().finally(() => (this.#committing = undefined));
    await this.#committing;
  }

  /** None but `now` from here on. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #commit(): Promise<void> {
    const epoch = this.#owner.epoch();
    const places = this.#assignment.uncommitted();
    if (places.length === 0 || epoch === undefined) return;
    try {
      await this.#member.commit(places);
      // Invariant 2: what an old epoch said counts for nothing in a new one.
      if (this.#owner.epoch() === epoch) this.#assignment.committed(places);
      this.#owner.passed();
    } catch (thrown) {
      if (!this.#owner.failed(thrown)) this.soon(AGAIN_MS);
    }
  }
}
