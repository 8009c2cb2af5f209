import { Worker } from 'node:worker_threads';
import type { Delivery } from '#contract/delivery.ts';
import type { EventLoopWatchdog } from '#contract/event-loop-watchdog.ts';
import { writeText } from '#kit/write-text.ts';
import { ID, PLACE_BITS, type WatchThreadSettings, WORDS } from './settings.ts';
import { watchThread } from './watch-thread.ts';

export type WatchdogSettings = Pick<WatchThreadSettings, 'pipeline' | 'places' | 'limitMs' | 'crashNote'> & {
  /** The thread has failed: the event loop is no longer watched. */
  readonly onLost: (error: Error) => void;
};

/** A watched event loop. */
export interface RunningWatchdog {
  /** The watchdog of one route. `firstStage`: index in `places` of its first stage; its `STEPS` come right before. */
  eventLoopWatchdog(firstStage: number): EventLoopWatchdog;
  close(): Promise<void>;
}

const GRACE_MS = 1000;
const CHECKS_PER_LIMIT = 10;
const SHORTEST_CHECK_MS = 20;
const LONGEST_CHECK_MS = 250;

/** Starts the thread that ends this process when its event loop is stuck. */
export function startEventLoopWatchdog({
  pipeline,
  places,
  limitMs,
  crashNote,
  onLost,
}: WatchdogSettings): RunningWatchdog {
  const memory = new SharedArrayBuffer(ID.at + ID.bytes);
  const words = new Int32Array(memory, 0, ID.at / 4);
  const id = Buffer.from(memory, ID.at, ID.bytes);
  const shortestMs = Math.min(limitMs, ...places.map((place) => place.limitMs));
  const checkMs = Math.min(Math.max(shortestMs / CHECKS_PER_LIMIT, SHORTEST_CHECK_MS), LONGEST_CHECK_MS);
  const settings: WatchThreadSettings = {
    memory,
    words: WORDS,
    id: ID,
    placeBits: PLACE_BITS,
    places,
    pipeline,
    limitMs,
    graceMs: GRACE_MS,
    checkMs,
    crashNote,
  };
  const thread = new Worker(`(${watchThread.toString()})()`, { eval: true, workerData: settings, name: 'watch' });
  thread.unref();
  let isClosing = false;
  thread.on('error', (error) => !isClosing && onLost(error));
  const inspector = process.getBuiltinModule('node:inspector');
  const beating = setInterval(() => {
    words[WORDS.beats] = (words[WORDS.beats] ?? 0) + 1;
    // While the inspector is open the process is not ended: a breakpoint may last any time.
    words[WORDS.debugged] = inspector.url() === undefined ? 0 : 1;
  }, checkMs);
  beating.unref();
  /** The delivery whose id is in the shared memory. */
  let named: Delivery | undefined;
  let calls = 0;
  const enter = (place: number): void => {
    calls = (calls + 1) | 0;
    // No Atomics.store, which waits for the memory and would cost more than all else here: the thread acts on what has stood
    // still for tens of milliseconds.
    words[WORDS.call] = (calls << PLACE_BITS) | place;
  };

  return {
    eventLoopWatchdog: (firstStage) => ({
      begin(step, delivery) {
        // The steps of one message mostly follow one another: its id is written once.
        if (delivery !== named) {
          named = delivery;
          words[WORDS.length] = writeText(id, 0, delivery.id);
          words[WORDS.passing] = delivery.isNumberedHere === true ? 1 : 0;
        }
        enter(firstStage + step + 1);
      },
      end() {
        enter(0);
      },
    }),
    async close() {
      isClosing = true;
      clearInterval(beating);
      await thread.terminate();
    },
  };
}
