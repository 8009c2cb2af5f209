import type { Link } from '#kit/linked-list.ts';
import type { OutgoingMessage } from './outgoing-message.ts';

/** The messages of one key and address that wait or are in flight. */
export class KeyQueue implements Link<KeyQueue> {
  before: KeyQueue | undefined = undefined;
  after: KeyQueue | undefined = undefined;
  isLinked = false;
  readonly lane: string;
  /** Oldest first. `state` is the state of the first one. */
  readonly waiting: OutgoingMessage[] = [];
  /**
   * `idle`: it may be sent or superseded. `waits`: until the earlier results of its key are durable. `cleared`: they are,
   * and it is not superseded any more. `busy`: in flight, or between two attempts.
   */
  state: 'idle' | 'waits' | 'cleared' | 'busy' = 'idle';

  constructor(lane: string) {
    this.lane = lane;
  }

  /** Puts a newer message in the place of the waiting one. The one with the lower sequence is superseded. */
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

  /** Lets the first one be superseded again. False where it is in flight, or could be superseded already. */
  unpin(): boolean {
    if (this.state !== 'waits' && this.state !== 'cleared') return false;
    this.state = 'idle';
    this.supersedeFirst();
    return true;
  }

  /** The first one failed: a newer message that came meanwhile supersedes it. */
  supersedeFirst(): void {
    const [first, next] = this.waiting;
    if (first === undefined || next === undefined) return;
    if (next.isOlderThan(first)) this.waiting.pop()?.superseded(first);
    else this.waiting.shift()?.superseded(next);
  }
}
