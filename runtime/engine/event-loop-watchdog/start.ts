import { Worker } from 'node:worker_threads';
import type { Delivery } from '#contract/delivery.ts';
import type { EventLoopWatchdog } from '#contract/event-loop-watchdog.ts';
import { ID, type Orders, WORDS } from './settings.ts';
import { watchThread } from './watch-thread.ts';

export type WatchdogSettings = Pick<Orders, 'pipeline' | 'places' | 'limitMs' | 'crashNote'> & {
  /** The thread is gone, which nothing but a fault brings about: nobody watches any more. */
  readonly onLost: (error: Error) => void;
};

/** A watched event loop. */
export interface Watched {
  /** Of the route whose first stage stands at this position of the places, after its steps of `STEPS`. */
  eventLoopWatchdog(firstStage: number): EventLoopWatchdog;
  close(): Promise<void>;
}

const GRACE_MS = 1000;
const LOOKS = 10;
const SHORTEST_LOOK_MS = 20;
const LONGEST_LOOK_MS = 250;

/** Starts the thread that ends this process when its event loop is stuck. */
export function startEventLoopWatchdog({ pipeline, places, limitMs, crashNote, onLost }: WatchdogSettings): Watched {
  const memory = new SharedArrayBuffer(ID.at + ID.bytes);
  const words = new Int32Array(memory, 0, ID.at / 4);
  const id = Buffer.from(memory, ID.at, ID.bytes);
  const shortestMs = Math.min(limitMs, ...places.map((place) => place.limitMs));
  const lookMs = Math.min(Math.max(shortestMs / LOOKS, SHORTEST_LOOK_MS), LONGEST_LOOK_MS);
  const orders: Orders = {
    memory,
    words: WORDS,
    id: ID,
    places,
    pipeline,
    limitMs,
    graceMs: GRACE_MS,
    lookMs,
    crashNote,
  };
  const thread = new Worker(`(${watchThread.toString()})()`, { eval: true, workerData: orders, name: 'watch' });
  thread.unref();
  let isClosing = false;
  thread.on('error', (error) => !isClosing && onLost(error));
  const inspector = process.getBuiltinModule('node:inspector');
  const beating = setInterval(() => {
    words[WORDS.beats] = (words[WORDS.beats] ?? 0) + 1;
    // Whoever stands at a breakpoint may stand there as long as they like.
    words[WORDS.debugged] = inspector.url() === undefined ? 0 : 1;
  }, lookMs);
  beating.unref();
  /** Whose name stands in the shared memory. */
  let named: Delivery | undefined;

  return {
    eventLoopWatchdog: (firstStage) => ({
      begin(step, delivery) {
        Atomics.add(words, WORDS.calls, 1);
        // The steps of one message mostly follow one another: its name is written once.
        if (delivery !== named) {
          named = delivery;
          words[WORDS.length] = id.write(delivery.id);
          words[WORDS.passing] = delivery.isNumberedHere === true ? 1 : 0;
        }
        Atomics.store(words, WORDS.place, firstStage + step + 1);
      },
      end() {
        // In this order: whoever reads that no call is at work reads of progress as well.
        Atomics.add(words, WORDS.calls, 1);
        Atomics.store(words, WORDS.place, 0);
      },
    }),
    async close() {
      isClosing = true;
      clearInterval(beating);
      await thread.terminate();
    },
  };
}
