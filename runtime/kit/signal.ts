/** Lets one waiter wait until somebody says that it is time to look again. One wait at a time. */
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
