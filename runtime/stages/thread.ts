import { Worker } from 'node:worker_threads';
import type { FunctionHome } from '#contract/stage-kind.ts';
import { functionThread } from './function-thread.ts';
import { isNote, type Note, type ThreadAnswer, type Call, type FunctionThreadSettings } from './thread-messages.ts';

/**
 * Beyond a function's memory bound: V8 ends the whole process, not the thread, when one piece of memory does not fit below
 * its own limit. So that limit is far away, and the pool checks the memory itself.
 */
const ROOM_MIB = 2048;
const YOUNG_MIB = 32;

/** The end of a thread that was not ended by the bridge. */
export interface Ending {
  /** The uncaught error, if there was one. */
  readonly error: Error | undefined;
  readonly exitCode: number;
}

export interface ThreadEvents {
  answered(answer: ThreadAnswer): void;
  /** During a call. */
  noted(note: Note): void;
  ended(ending: Ending): void;
}

/** A thread with one function in it, which runs one message at a time. */
export class Thread {
  readonly home: FunctionHome;
  readonly #worker: Worker;
  #error: Error | undefined;
  #isEnding = false;

  constructor(home: FunctionHome, orders: FunctionThreadSettings, memoryMiB: number, events: ThreadEvents) {
    this.home = home;
    this.#worker = new Worker(`(${functionThread.toString()})()`, {
      eval: true,
      workerData: orders,
      name: orders.name,
      resourceLimits: { maxOldGenerationSizeMb: memoryMiB + ROOM_MIB, maxYoungGenerationSizeMb: YOUNG_MIB },
    });
    this.#worker.unref();
    this.#worker.on('message', (message: Note | ThreadAnswer) => {
      if (this.#isEnding) return;
      if (isNote(message)) events.noted(message);
      else events.answered(message);
    });
    this.#worker.on('error', (error) => (this.#error = error));
    this.#worker.on('exit', (exitCode) => this.#isEnding || events.ended({ error: this.#error, exitCode }));
  }

  /** Throws where the body cannot travel. */
  call(call: Call): void {
    this.#worker.postMessage(call);
  }

  /** Its memory, buffers outside of its heap included; undefined if it cannot be read. */
  async heldBytes(): Promise<number | undefined> {
    try {
      const { used_heap_size: heap, external_memory: outside } = await this.#worker.getHeapStatistics();
      return heap + outside;
    } catch {
      return undefined;
    }
  }

  /** It reports no more. Resolves once it is gone; V8 cannot interrupt some loops, and such a thread stays. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#worker.terminate();
  }
}
