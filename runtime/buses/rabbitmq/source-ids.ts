import { randomBytes } from 'node:crypto';
import type { Frame } from '#contract/frame.ts';
import type { NoteOddity } from '#contract/oddity.ts';
import { contentId } from '#kit/content-id.ts';
import { ReusedIds } from '#kit/reused-ids.ts';

/**
 * The ids of a queue's messages. AMQP has no position of a message: only the publisher's message id is the same at each
 * delivery. The content is part of the id, because a restarted publisher may count from 1 again.
 */
export class SourceIds {
  readonly #queue: string;
  readonly #note: NoteOddity;
  readonly #reused = new ReusedIds();
  readonly #nonce = randomBytes(6).toString('hex');
  #count = 0;

  constructor(queue: string, note: NoteOddity) {
    this.#queue = queue;
    this.#note = note;
  }

  of({ id: named, address, body }: Frame): string {
    if (named === undefined) {
      this.#count += 1;
      return `${this.#queue}:${this.#nonce}-${this.#count}`;
    }
    const id = `${this.#queue}:m:${named}~${contentId(address, undefined, body)}`;
    if (this.#reused.isReused(named, id)) this.#note('ID_REUSED');
    return id;
  }
}
