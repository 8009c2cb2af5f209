import { crc32 } from 'node:zlib';
import type { UnsyncedCheckpoint } from '#contract/unsynced-checkpoint.ts';
import type { CommittedOffset, TopicPartition } from '../kafka-client.ts';
import { readMetadata, type SettledBeyond, writeAll } from './commit-metadata.ts';
import type { PartitionFeed } from './partition-feed.ts';

const FORM = 'sluice1 ';
/** Of the window: with as much room nothing is written. */
const ENOUGH = 1 / 2;
/** Of the processor's time, for writing: with a large window, or many partitions, one writing takes milliseconds. */
const MOST_TIME = 1 / 40;
const LEAST_TAKES_MS = 0.01;
const MOST_GROWTH = 2;
/** A shorter wait is none. */
const TICK_MS = 2;

/** The assignment, as far as the checkpoint needs it. */
export interface CheckpointOwner {
  readonly feeds: ReadonlyMap<string, PartitionFeed>;
  tagOf(topic: string): string;
  /** There may be room again. */
  wake(): void;
}

export interface SettledCheckpointSettings {
  readonly group: string;
  /** Most messages that may come again after a kill. */
  readonly window: number;
  /** Absent: nothing is saved, and the commits alone bound what comes again. */
  readonly checkpoint: UnsyncedCheckpoint | undefined;
}

/** One partition, as the checkpoint has it. */
interface Place extends TopicPartition {
  /** Digests of the commits that the group may have: what was settled since is told by them. */
  readonly commits: readonly string[];
  readonly position: number;
  readonly tag: string;
  readonly leaderEpoch: number;
  /** Of `writeAll`. */
  readonly beyond: string;
}

/**
 * Saves on the local disk what is settled and perhaps not committed yet, so that a process that was killed and is started again
 * does not repeat it, however long the group takes for a commit. Nothing more is handed over while the messages that are
 * unsettled, or settled and not saved, fill the window: so they bound what comes again.
 */
export class SettledCheckpoint {
  readonly #settings: SettledCheckpointSettings;
  readonly #owner: CheckpointOwner;
  /** Settled since the last writing. */
  #unsaved = 0;
  #notBeforeMs = 0;
  /** Of one writing, without what the machine did meanwhile: it falls at once and grows slowly. */
  #takesMs = LEAST_TAKES_MS;
  #isWaiting = false;
  #earlier: Map<string, Place> | undefined;

  constructor(settings: SettledCheckpointSettings, owner: CheckpointOwner) {
    this.#settings = settings;
    this.#owner = owner;
  }

  settled(): void {
    this.#unsaved += 1;
  }

  /** How many records more may be handed over, beside so many unsettled ones. Writes the checkpoint where that makes room. */
  room(unsettled: number): number {
    const { checkpoint, window } = this.#settings;
    const most = window - unsettled;
    if (checkpoint === undefined) return most;
    if (this.#unsaved > 0 && most - this.#unsaved < Math.min(most, window * ENOUGH)) {
      const waitMs = this.#notBeforeMs - performance.now();
      if (waitMs < TICK_MS) this.write();
      else if (most <= this.#unsaved) this.#wakeIn(waitMs);
    }
    return most - this.#unsaved;
  }

  /** Before a commit is sent, too: its metadata may have no room for all that is settled behind its offset. */
  write(): void {
    const { checkpoint, group } = this.#settings;
    if (checkpoint === undefined) return;
    // Also where it fails: a full disk must not stop the route.
    this.#unsaved = 0;
    const begunMs = performance.now();
    const places: Place[] = [];
    for (const feed of this.#owner.feeds.values()) {
      const tag = this.#owner.tagOf(feed.topic);
      // Without one the same offsets may be those of other records.
      if (tag !== '') places.push(placeOf(feed, tag));
    }
    checkpoint.write(FORM + JSON.stringify({ group, places }));
    const endMs = performance.now();
    this.#takesMs = Math.max(LEAST_TAKES_MS, Math.min(endMs - begunMs, this.#takesMs * MOST_GROWTH));
    this.#notBeforeMs = endMs + this.#takesMs / MOST_TIME;
  }

  /**
   * Clears it where the group has all of it: an operator may set an offset back to one that this process committed earlier, and
   * everything from there on must be read then.
   */
  end(): void {
    for (const { commits, position } of this.#owner.feeds.values()) if (commits.lacks(position)) return;
    this.#settings.checkpoint?.write(FORM + JSON.stringify({ group: this.#settings.group, places: [] }));
  }

  /**
   * What an earlier process has settled at and behind the group's commit of a partition, by its checkpoint. Undefined where the commit is
   * not of that process: another one has read on, or an operator has set the offset.
   */
  settledSince(commit: CommittedOffset, tag: string): SettledBeyond | undefined {
    this.#earlier ??= new Map(this.#read().map((place) => [nameOf(place), place]));
    const place = this.#earlier.get(nameOf(commit));
    this.#earlier.delete(nameOf(commit));
    if (place === undefined || tag === '' || place.tag !== tag || !place.commits.includes(digestOf(commit))) {
      return undefined;
    }
    const { offset } = commit;
    const { position, leaderEpoch } = place;
    if (position < offset) return undefined;
    const before = position > offset ? [{ from: offset, to: position }] : [];
    return { offset, tag, leaderEpoch, settled: [...before, ...(readMetadata(place.beyond)?.settled ?? [])] };
  }

  #wakeIn(ms: number): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    const wake = (): void => {
      this.#isWaiting = false;
      this.#owner.wake();
    };
    setTimeout(wake, ms).unref();
  }

  #read(): readonly Place[] {
    const text = this.#settings.checkpoint?.read();
    // Another version may have another form.
    if (text?.startsWith(FORM) !== true) return [];
    const checkpoint: unknown = JSON.parse(text.slice(FORM.length));
    return isCheckpoint(checkpoint) && checkpoint.group === this.#settings.group ? checkpoint.places : [];
  }
}

/** A text of this form has these fields: its checksum was right. */
function isCheckpoint(value: unknown): value is { readonly group: string; readonly places: readonly Place[] } {
  return typeof value === 'object' && value !== null && 'group' in value && 'places' in value;
}

function placeOf(feed: PartitionFeed, tag: string): Place {
  const { offset: position, leaderEpoch, settled } = feed.settlement();
  const beyond = writeAll({ offset: position, tag, leaderEpoch, settled });
  const commits = feed.commits.possible.map(digestOf);
  return { topic: feed.topic, partition: feed.partition, commits, position, tag, leaderEpoch, beyond };
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

function digestOf({ offset, metadata }: Pick<CommittedOffset, 'offset' | 'metadata'>): string {
  return `${offset} ${crc32(metadata)}`;
}
