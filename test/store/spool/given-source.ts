import type { Delivery, Outcome } from '../../../runtime/contract/delivery.ts';
import type { Frame } from '../../../runtime/contract/frame.ts';
import type { Demand, Source } from '../../../runtime/contract/source.ts';
import { AsyncQueue } from '../../../runtime/kit/async-queue.ts';

/** A source that delivers what it is given, in order, and remembers what was settled. */
export class GivenSource implements Source {
  readonly settled: { readonly id: string; readonly kind: Outcome['kind'] }[] = [];
  readonly rooms: Demand[] = [];
  readonly #inbox = new AsyncQueue<Delivery>(({ frame }) => frame.body?.length ?? 0);
  #number = 0;

  give(frames: readonly Frame[], more: Partial<Delivery> = {}): void {
    for (const frame of frames) {
      const id = more.id ?? `s:${(this.#number += 1)}`;
      const settle = ({ kind }: Outcome): void => void this.settled.push({ id, kind });
      this.#inbox.push({ attempt: 1, ...more, id, frame, settle });
    }
  }

  /** Delivered to nobody yet. */
  get unread(): number {
    return this.#inbox.size;
  }

  lose(error: Error): void {
    this.#inbox.fail(error);
  }

  read(room: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    this.rooms.push(room);
    return this.#inbox.read(room, signal);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
