import { RehearsalError } from './rehearsal-error.ts';

/** Turns of the event loop in which nothing happens: longer than any chain of promises and commits of the engine. */
const QUIET_TURNS = 8;
/** How long a function may take, by the machine's clock. */
const STUCK_MS = 60_000;

/** Tells when nothing more happens at one moment of virtual time. */
export class Activity {
  #count = 0;
  /** What waits for the machine itself, such as the code of an integrator. */
  readonly #pending = new Map<string, number>();
  #failure: unknown;
  /** Called when nothing more happens; true where something does after it. */
  onQuiet: (() => Promise<boolean>) | undefined;

  happened(): void {
    this.#count += 1;
  }

  /** The next `quiet` rejects with it. */
  failed(thrown: unknown): void {
    this.#failure ??= thrown;
    this.happened();
  }

  /** The result is the same promise. After `patienceMs`, where given, it is waited for no longer: a person may have to act. */
  pending<T>(what: string, promise: Promise<T>, patienceMs?: number): Promise<T> {
    this.#pending.set(what, (this.#pending.get(what) ?? 0) + 1);
    let isOver = false;
    const ended = (): void => {
      if (isOver) return;
      isOver = true;
      const left = (this.#pending.get(what) ?? 1) - 1;
      if (left === 0) this.#pending.delete(what);
      else this.#pending.set(what, left);
      this.happened();
    };
    promise.then(ended, ended);
    if (patienceMs !== undefined) setTimeout(ended, patienceMs);
    return promise;
  }

  /** Resolves once nothing more happens until time goes on. Rejects where something waits for the machine without an end. */
  async quiet(): Promise<void> {
    do await this.#still();
    while ((await this.onQuiet?.()) === true);
  }

  async #still(): Promise<void> {
    let seen = this.#count;
    let turns = 0;
    let sinceMs = performance.now();
    while (turns < QUIET_TURNS || this.#pending.size > 0) {
      if (turns < QUIET_TURNS) await new Promise(setImmediate);
      else await new Promise((resolve) => setTimeout(resolve, 1));
      if (this.#failure !== undefined) {
        const failure = this.#failure;
        this.#failure = undefined;
        throw failure;
      }
      if (seen === this.#count) turns += 1;
      else {
        seen = this.#count;
        turns = 0;
        sinceMs = performance.now();
      }
      if (performance.now() - sinceMs > STUCK_MS) throw stuck([...this.#pending.keys()]);
    }
  }
}

function stuck(pending: readonly string[]): RehearsalError {
  const text = `expected an end within ${STUCK_MS / 1000} s of the machine's own time, found that it still waits for ${pending.join(', ')}`;
  return new RehearsalError(text);
}
