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

  /** Adds a message: in the place of the last one that waits, where the older of the two is superseded. */
  replace(outgoing: OutgoingMessage): void {
    this.waiting.push(outgoing);
    const isFirstFree = this.state === 'idle';
    if (this.waiting.length > (isFirstFree ? 1 : 2)) this.#supersede(this.waiting.length - 2);
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
    if (this.waiting.length > 1) this.#supersede(0);
  }

  /** One of the message at this place and the one behind it, where they do not both stay. */
  #supersede(at: number): void {
    const [first, next] = this.waiting.slice(at, at + 2);
    const newer = next === undefined ? undefined : first?.newerOf(next);
    if (first === undefined || next === undefined || newer === undefined) return;
    this.waiting.splice(at, 2, newer);
    if (newer === first) next.superseded(first);
    else first.superseded(next);
  }
}
