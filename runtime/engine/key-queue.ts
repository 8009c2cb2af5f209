import type { Link } from '#kit/linked-list.ts';
import type { OutgoingMessage } from './outgoing-message.ts';

/** What waits or is under way of one key and address. */
export class KeyQueue implements Link<KeyQueue> {
  before: KeyQueue | undefined = undefined;
  after: KeyQueue | undefined = undefined;
  isLinked = false;
  readonly lane: string;
  /** Oldest first. Of the first one `state` speaks. */
  readonly waiting: OutgoingMessage[] = [];
  /**
   * `idle`: it may go, or give way; `waits` until earlier ends of its key are durable; `cleared`: they are, and it gives
   * way no more; `busy`: under way, or between two tries.
   */
  state: 'idle' | 'waits' | 'cleared' | 'busy' = 'idle';

  constructor(lane: string) {
    this.lane = lane;
  }

  /** Puts a newer message in the place of the one that waits. Of two the one with the lower sequence gives way. */
  replace(outgoing: OutgoingMessage): void {
    const at = this.state === 'idle' ? 0 : 1;
    const older = this.waiting[at];
    if (older !== undefined && outgoing.isOlderThan(older)) {
      outgoing.superseded(older);
      return;
    }
    this.waiting[at] = outgoing;
    older?.superseded(outgoing);
  }

  /** The first one gives way again. False where it is under way, or did so all along. */
  unpin(): boolean {
    if (this.state !== 'waits' && this.state !== 'cleared') return false;
    this.state = 'idle';
    this.giveWay();
    return true;
  }

  /** The first failed: it gives way to the one that came meanwhile, if that is the newer one. */
  giveWay(): void {
    const [first, next] = this.waiting;
    if (first === undefined || next === undefined) return;
    if (next.isOlderThan(first)) this.waiting.pop()?.superseded(first);
    else this.waiting.shift()?.superseded(next);
  }
}
