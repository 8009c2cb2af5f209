import type { CommittedOffset } from '../kafka-client.ts';

type Commit = Pick<CommittedOffset, 'offset' | 'metadata'>;

/** What the group has of one partition, as far as this process knows. */
export class CommitState {
  #offset: number;
  #known: string | undefined;
  /** It may have arrived, though its confirmation did not. */
  #sent: string | undefined;
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
    this.#known = textOf(commit);
  }

  sending(commit: Commit): void {
    this.#sent = textOf(commit);
  }

  /** `version`: as it was when the commit was made. */
  confirmed(commit: Commit, version: number): void {
    this.#offset = Math.max(this.#offset, commit.offset);
    this.#known = textOf(commit);
    this.#confirmedVersion = version;
  }

  /** Whether the group's commit is this process's own last one: then no other process has gone on from it. */
  isOwn(commit: Commit): boolean {
    const text = textOf(commit);
    return text === this.#known || text === this.#sent;
  }
}

function textOf({ offset, metadata }: Commit): string {
  return `${offset} ${metadata}`;
}
