import type { Assignment } from './assignment.ts';
import type { GroupMember } from './group-member.ts';

/** How long settlements are gathered before they are committed. */
export const COMMIT_INTERVAL_MS = 200;
const RETRY_MS = 500;

/** The membership, as far as commits need it. */
export interface CommitOwner {
  /** The epoch in which commits are taken now; undefined when the generation is lost. */
  epoch(): object | undefined;
  /** A commit failed. True when another one would fail too. */
  failed(thrown: unknown): boolean;
  succeeded(): void;
}

/** Commits settled offsets to the group: gathered, one commit at a time. */
export class OffsetCommitter {
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
  soon(afterMs: number = COMMIT_INTERVAL_MS): void {
    if (this.#timer !== undefined || this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.now();
    }, afterMs);
  }

  /** Commits what is settled by now, after a running commit. Never rejects. */
  async now(): Promise<void> {
    while (this.#committing !== undefined) await this.#committing;
    this.#committing = this.#commit().finally(() => (this.#committing = undefined));
    await this.#committing;
  }

  /** From now on only `now` commits. */
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
      // Invariant 2: the answer to an old epoch's commit counts for nothing in a new one.
      if (this.#owner.epoch() === epoch) this.#assignment.committed(places);
      this.#owner.succeeded();
    } catch (thrown) {
      if (!this.#owner.failed(thrown)) this.soon(RETRY_MS);
    }
  }
}
