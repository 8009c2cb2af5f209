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

  /** Puts a message in the place of the one that waits. The older of the two is superseded. */
  replace(outgoing: OutgoingMessage): void {
    const at = this.state === 'idle' ? 0 : 1;
    const waiting = this.waiting[at];
    this.waiting[at] = waiting === undefined ? outgoing : newerOf(waiting, outgoing);
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
    if (first !== undefined && next !== undefined) this.waiting.splice(0, 2, newerOf(first, next));
  }
}

/** Supersedes the older one and returns the other. */
function newerOf(first: OutgoingMessage, next: OutgoingMessage): OutgoingMessage {
  const [older, newer] = next.isOlderThan(first) ? [next, first] : [first, next];
  older.superseded(newer);
  return newer;
}
