import type { CommittedOffset } from '../kafka-client.ts';

/** Each of them was sent after the one before it had failed. Half of them are the oldest: the first one that failed may have arrived. */
const MOST_SENT = 16;

type Commit = Pick<CommittedOffset, 'offset' | 'metadata'>;

/** What the group has of one partition, as far as this process knows. */
export class CommitState {
  #offset: number;
  #known: Commit | undefined;
  /** They may have arrived, though their confirmations did not. The newest last. */
  #sent: Commit[] = [];
  #version = 0;
  #confirmedVersion = 0;

  /** `offset`: -1 where the group has none. */
  constructor(offset: number) {
    this.#offset = offset;
  }

  /** The committed offset; -1: none. */
  get offset(): number {
    return this.#offset;
  }

  /** Counts the changes that a commit would show. */
  get version(): number {
    return this.#version;
  }

  /** Something was settled. */
  changed(): void {
    this.#version += 1;
  }

  /** Whether a commit at this position would show the group anything new. Never takes its offset back. */
  lacks(position: number): boolean {
    return position > this.#offset || (position === this.#offset && this.#version > this.#confirmedVersion);
  }

  /** The commit was read from the group. */
  read(commit: Commit): void {
    this.#offset = commit.offset;
    this.#known = commit;
    this.#sent = [];
  }

  sending(commit: Commit): void {
    if (this.#sent.length >= MOST_SENT) this.#sent.splice(MOST_SENT / 2, 1);
    this.#sent.push(commit);
  }

  /** `version`: as it was when the commit was made. */
  confirmed(commit: Commit, version: number): void {
    this.#offset = Math.max(this.#offset, commit.offset);
    this.#known = commit;
    this.#sent = [];
    this.#confirmedVersion = version;
  }

  /** The group has one of these, as long as no other process and no operator has committed. */
  get possible(): readonly Commit[] {
    return this.#known === undefined ? this.#sent : [this.#known, ...this.#sent];
  }

  /** Whether the group's commit is this process's own last one: then no other process has gone on from it. */
  isOwn(commit: Commit): boolean {
    return this.possible.some(({ offset, metadata }) => offset === commit.offset && metadata === commit.metadata);
  }
}
