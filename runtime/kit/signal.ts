/** A condition variable for one waiter: it waits until a caller signals a change. One wait at a time. */
export class Signal {
  #resolve: (() => void) | undefined;

  /** Ends the wait, if there is one. */
  now(): void {
    this.#resolve?.();
  }

  /** Resolves at the next `now`, or when `signal` aborts. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = (): void => {
        this.#resolve = undefined;
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#resolve = done;
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
