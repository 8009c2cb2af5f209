import { kafkaErrorIn } from '../kafka-error.ts';
import type { Assignment } from './assignment.ts';
import { commitByTopic } from './commit-by-topic.ts';
import type { GroupMember } from './group-member.ts';

/** How long settlements are gathered before they are committed, where they are fewer than a window. */
export const COMMIT_INTERVAL_MS = 200;
/** How long at least, from the beginning of one commit to that of the next, however fast messages are settled. */
const LEAST_INTERVAL_MS = 100;
/** The same while a message waits for the commit, from the beginning of one commit to that of the next. */
const HURRY_MS = 5;
const RETRY_MS = 500;

/** The membership, as far as commits need it. */
export interface CommitOwner {
  /** The epoch in which commits are taken now; undefined when the generation is lost. */
  epoch(): object | undefined;
  /** A commit failed. True when another one would fail too. */
  failed(thrown: unknown): boolean;
  succeeded(): void;
}

/** The assigned partitions, as far as commits need them. */
type Commits = Pick<Assignment, 'beginCommit' | 'committed' | 'halveMetadata' | 'isAwaited'>;

/**
 * Commits settled offsets to the group: gathered, one commit at a time. However many ask while one is under way, one follows it, and
 * one that has failed is repeated once its pause is over.
 */
export class OffsetCommitter {
  readonly #member: Pick<GroupMember, 'commit'>;
  readonly #assignment: Commits;
  readonly #owner: CommitOwner;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #dueMs = Infinity;
  #begunMs = 0;
  #notBeforeMs = 0;
  #committing: Promise<void> | undefined;
  /** The commit after the one that is under way, where `now` asked for it. */
  #following: Promise<void> | undefined;
  /** Another commit became due while one was under way. */
  #isDue = false;
  #isStopped = false;

  constructor(member: Pick<GroupMember, 'commit'>, assignment: Commits, owner: CommitOwner) {
    this.#member = member;
    this.#assignment = assignment;
    this.#owner = owner;
  }

  /** Something was settled. */
  soon(afterMs: number = COMMIT_INTERVAL_MS): void {
    const dueMs = Math.max(performance.now() + afterMs, this.#notBeforeMs);
    if (dueMs >= this.#dueMs || this.#isStopped) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = setTimeout(
      () => {
        this.#dueMs = Infinity;
        this.#due();
      },
      Math.max(0, dueMs - performance.now()),
    );
  }

  /** A window was settled since the last commit began. */
  gathered(): void {
    this.soon(Math.max(0, this.#begunMs + LEAST_INTERVAL_MS - performance.now()));
  }

  /** A message waits for the commit of what is settled. */
  hurry(): void {
    if (this.#committing !== undefined) {
      this.#isDue = true;
      return;
    }
    const waitMs = Math.max(this.#begunMs + HURRY_MS, this.#notBeforeMs) - performance.now();
    if (waitMs > 0) return this.soon(waitMs);
    if (this.#isStopped) return;
    // In a later turn, so that it holds what is settled in this one.
    this.#immediate ??= setImmediate(() => {
      this.#immediate = undefined;
      this.#due();
    });
  }

  /** Commits what is settled by now, after a running commit, and whatever failed before. Never rejects. */
  now(): Promise<void> {
    if (this.#following !== undefined) return this.#following;
    if (this.#committing === undefined) return this.#begin();
    return (this.#following = this.#committing.then(() => {
      this.#following = undefined;
      return this.#begin();
    }));
  }

  /** From now on only `now` commits. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }

  #due(): void {
    if (this.#committing !== undefined) this.#isDue = true;
    // A commit may have failed since this one became due.
    else if (performance.now() < this.#notBeforeMs) this.soon(0);
    else void this.#begin();
  }

  #begin(): Promise<void> {
    this.#isDue = false;
    return (this.#committing = this.#commit().finally(() => {
      this.#committing = undefined;
      if (this.#isDue && this.#following === undefined) this.hurry();
    }));
  }

  async #commit(): Promise<void> {
    const epoch = this.#owner.epoch();
    if (epoch === undefined) return;
    const commit = this.#assignment.beginCommit();
    if (commit.places.length === 0) return this.#assignment.committed(commit);
    this.#begunMs = performance.now();
    try {
      const places = await commitByTopic((some) => this.#member.commit(some), commit.places);
      // Invariant 2: the answer to an old epoch's commit counts for nothing in a new one.
      if (this.#owner.epoch() === epoch) this.#assignment.committed({ ...commit, places });
      this.#notBeforeMs = 0;
      this.#owner.succeeded();
    } catch (thrown) {
      const isTooLarge = kafkaErrorIn(thrown)?.type === 'OFFSET_METADATA_TOO_LARGE';
      // Within this one, for the last commit of an epoch has no later one.
      if (isTooLarge && this.#assignment.halveMetadata()) return this.#commit();
      this.#notBeforeMs = performance.now() + RETRY_MS;
      if (!this.#owner.failed(thrown) || this.#assignment.isAwaited) this.soon(RETRY_MS);
    }
  }
}
