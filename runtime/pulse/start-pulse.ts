import { Worker } from 'node:worker_threads';
import type { Pulse } from '#contract/pulse.ts';
import { ID, type Orders, WORDS } from './orders.ts';
import { watchThread } from './watch-thread.ts';

export type PulseSettings = Pick<Orders, 'pipeline' | 'places' | 'limitMs' | 'strike'> & {
  /** The thread is gone, which nothing but a fault brings about: nobody watches any more. */
  readonly onLost: (error: Error) => void;
};

/** A watched event loop. */
export interface Watched {
  /** Of the route whose stages stand in the places from this position on. */
  pulse(firstPlace: number): Pulse;
  close(): Promise<void>;
}

const GRACE_MS = 1000;
const LOOKS = 10;
const SHORTEST_LOOK_MS = 20;
const LONGEST_LOOK_MS = 250;

/** Starts the thread that ends this process when its event loop is stuck. */
export function startPulse({ pipeline, places, limitMs, strike, onLost }: PulseSettings): Watched {
  const memory = new SharedArrayBuffer(ID.at + ID.bytes);
  const words = new Int32Array(memory, 0, ID.at / 4);
  const id = Buffer.from(memory, ID.at, ID.bytes);
  const shortestMs = Math.min(limitMs, ...places.map((place) => place.limitMs));
  const lookMs = Math.min(Math.max(shortestMs / LOOKS, SHORTEST_LOOK_MS), LONGEST_LOOK_MS);
  const orders: Orders = { memory, words: WORDS, id: ID, places, pipeline, limitMs, graceMs: GRACE_MS, lookMs, strike };
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

  return {
    pulse: (firstPlace) => ({
      begin(stage, delivery) {
        words[WORDS.calls] = (words[WORDS.calls] ?? 0) + 1;
        words[WORDS.length] = id.write(delivery.id);
        words[WORDS.passing] = delivery.isNumberedHere === true ? 1 : 0;
        words[WORDS.place] = firstPlace + stage + 1;
      },
      end() {
        words[WORDS.place] = 0;
      },
    }),
    async close() {
      isClosing = true;
      clearInterval(beating);
      await thread.terminate();
    },
  };
}
