import { messageOf, SluiceError } from '#contract/errors.ts';
import { Deque } from '#kit/deque.ts';
import { late } from './function-result.ts';
import type { FunctionHome, ThrownPlace } from '#contract/stage-kind.ts';
import { type Ending, Thread } from './thread.ts';
import type { ThreadAnswer, Call, FunctionThreadSettings, Note } from './thread-messages.ts';

export interface PoolSettings extends Omit<FunctionThreadSettings, 'url'> {
  home(): Promise<FunctionHome>;
  readonly workers: number;
  readonly memoryMiB: number;
  readonly timeoutMs: number;
}

/** An answer, and the function that locates a thrown error in the source. */
export interface Answered {
  readonly answer: ThreadAnswer;
  explain(thrown: unknown): ThrownPlace;
}

interface Task {
  readonly call: Call;
  noted(note: Note): void;
  resolve(answered: Answered): void;
  reject(failure: SluiceError): void;
}

/** One thread's place in the pool. */
interface Seat {
  thread: Thread | undefined;
  /** Resolves once the thread is started, or cannot be. */
  filled: Promise<void>;
  task: Task | undefined;
  isReady: boolean;
  /** Its thread holds too much memory, and the message at work is not the cause: a new thread follows. */
  isRetiring: boolean;
  sinceMs: number;
  /** The task at work at the last memory check. */
  seen: Task | undefined;
  /** The memory of its thread at the first check during that task. */
  heldBytes: number | undefined;
}

const LOOK_MS = 20;
/** Every so many checks include the threads whose messages are short. */
const ASK_ALL = 12;
/** A message counts as the cause only if at least this part of the memory came while it was at work. */
const BLAMED_PART = 1 / 4;
const MIB = 2 ** 20;
const CLOSE_MS = 1000;

/**
 * Threads that run one function, each one message at a time: the message that ends a thread is identified, and no other
 * message is lost with it. The caller bounds the queue: a route calls once for each message in its window.
 */
export class ThreadPool {
  readonly #settings: PoolSettings;
  readonly #waiting = new Deque<Task>();
  readonly #seats = new Set<Seat>();
  readonly #idle: Seat[] = [];
  #looking: NodeJS.Timeout | undefined;
  #looks = 0;
  #isClosed = false;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
    for (let seat = 0; seat < settings.workers; seat += 1) this.#seat();
  }

  /** `noted` takes what the function writes meanwhile. Rejects with TRANSFORM_TIMEOUT, TRANSFORM_CRASHED or TRANSFORM_UNCLONEABLE. */
  call(call: Call, noted: (note: Note) => void): Promise<Answered> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ call, noted, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#looking);
    const ends = [...this.#seats].map(async (seat) => {
      await seat.filled;
      await seat.thread?.end();
      if (!seat.isReady) await seat.thread?.home.close();
    });
    await Promise.race([Promise.all(ends), new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]);
  }

  #seat(): void {
    if (this.#isClosed) return;
    const seat: Seat = {
      thread: undefined,
      filled: Promise.resolve(),
      task: undefined,
      isReady: false,
      isRetiring: false,
      sinceMs: 0,
      seen: undefined,
      heldBytes: undefined,
    };
    this.#seats.add(seat);
    const broken = (thrown: unknown): void => this.#vacated(seat, `could not be started: ${messageOf(thrown)}`);
    seat.filled = this.#fill(seat).catch(broken);
  }

  async #fill(seat: Seat): Promise<void> {
    const { memoryMiB, name, route, pipeline, options } = this.#settings;
    const home = await this.#settings.home();
    let isImported = false;
    const imported = (): void => {
      if (!isImported) void home.close().catch(() => {});
      isImported = true;
    };
    seat.thread = new Thread(home, { url: home.url, name, route, pipeline, options }, memoryMiB, {
      answered: (answer) => {
        imported();
        this.#answered(seat, answer);
      },
      noted: (note) => seat.task?.noted(note),
      ended: (ending) => {
        imported();
        this.#vacated(seat, this.#howEnded(ending, home));
      },
    });
  }

  #answered(seat: Seat, answer: ThreadAnswer): void {
    const { thread, task } = seat;
    if (thread === undefined || this.#isClosed) return;
    if (answer.kind === 'broken') {
      const { name, message } = answer.thrown;
      void thread.end();
      return this.#vacated(seat, `threw while it was imported: ${name}: ${message}`);
    }
    seat.isReady = true;
    seat.task = undefined;
    task?.resolve({ answer, explain: (thrown) => thread.home.explain(thrown) });
    if (seat.isRetiring) {
      this.#leave(seat);
      this.#seat();
      return;
    }
    this.#idle.push(seat);
    this.#next();
  }

  /** Gives waiting tasks to idle threads. */
  #next(): void {
    while (this.#waiting.size > 0) {
      const seat = this.#idle.pop();
      // If every thread broke before it was ready, the next message tries again.
      if (seat === undefined) {
        if (this.#seats.size < this.#settings.workers) this.#seat();
        return;
      }
      const task = this.#waiting.shift();
      if (task !== undefined && !this.#hand(seat, task)) this.#idle.push(seat);
    }
  }

  #hand(seat: Seat, task: Task): boolean {
    try {
      seat.thread?.call(task.call);
    } catch (thrown) {
      const { name } = this.#settings;
      const text = `expected a body that can go to the thread of ${name}, found ${messageOf(thrown)}`;
      task.reject(new SluiceError('TRANSFORM_UNCLONEABLE', text));
      return false;
    }
    seat.task = task;
    seat.sinceMs = performance.now();
    this.#looking ??= setInterval(() => this.#look(), Math.min(LOOK_MS, this.#settings.timeoutMs));
    return true;
  }

  #look(): void {
    this.#looks += 1;
    const busy = [...this.#seats].filter(({ task }) => task !== undefined);
    if (busy.length === 0) {
      clearInterval(this.#looking);
      this.#looking = undefined;
      return;
    }
    const nowMs = performance.now();
    const asksAll = this.#looks % ASK_ALL === 0;
    for (const seat of busy) {
      const { task } = seat;
      if (task === undefined) continue;
      if (nowMs - seat.sinceMs >= this.#settings.timeoutMs) {
        this.#end(seat, late(this.#settings.name, this.#settings.timeoutMs));
        continue;
      }
      const isLong = seat.seen === task;
      if (!isLong) seat.heldBytes = undefined;
      seat.seen = task;
      if (isLong || asksAll) void this.#weigh(seat, task);
    }
  }

  async #weigh(seat: Seat, task: Task): Promise<void> {
    const { memoryMiB } = this.#settings;
    const held = await seat.thread?.heldBytes();
    if (held === undefined || !this.#seats.has(seat)) return;
    const isTasks = seat.task === task;
    if (isTasks) seat.heldBytes ??= held;
    if (held <= memoryMiB * MIB) return;
    const grown = isTasks && seat.heldBytes !== undefined ? held - seat.heldBytes : 0;
    if (grown <= memoryMiB * MIB * BLAMED_PART) seat.isRetiring = true;
    else this.#end(seat, this.#crashed(`held ${Math.round(held / MIB)} MiB of memory, more than its ${memoryMiB} MiB`));
  }

  #end(seat: Seat, failure: SluiceError): void {
    const { task } = seat;
    this.#leave(seat);
    task?.reject(failure);
    this.#seat();
  }

  #leave(seat: Seat): void {
    this.#seats.delete(seat);
    seat.task = undefined;
    void seat.thread?.end();
  }

  /** The thread is gone by itself. */
  #vacated(seat: Seat, how: string): void {
    if (this.#isClosed) return;
    const { task, isReady } = seat;
    this.#seats.delete(seat);
    const at = this.#idle.indexOf(seat);
    if (at !== -1) this.#idle.splice(at, 1);
    if (isReady) {
      task?.reject(this.#crashed(how));
      this.#seat();
      return;
    }
    // A new thread would fail at once too: a waiting message takes the failure, so that its tries count, and its next try
    // starts another thread.
    this.#waiting.shift()?.reject(this.#crashed(how));
    if (this.#waiting.size > 0) this.#seat();
  }

  #howEnded({ error, exitCode }: Ending, home: FunctionHome): string {
    if (error === undefined) return `ended its thread with exit code ${exitCode}`;
    if (Reflect.get(error, 'code') === 'ERR_WORKER_OUT_OF_MEMORY') return 'ran out of memory';
    const { position } = home.explain(error);
    const at = position === undefined ? '' : ` at ${position}`;
    return `threw outside of its call: ${error.name}: ${error.message}${at}`;
  }

  #crashed(how: string): SluiceError {
    const { name } = this.#settings;
    return new SluiceError('TRANSFORM_CRASHED', `expected ${name} to come back, found that it ${how}`);
  }
}
