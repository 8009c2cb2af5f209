/**
 * Ends the process of a test file once all of its tests have ended and one has failed, where something that the failed one left
 * open (a connection, a timer) would keep the file until its deadline. Where all have passed, what is left open is a fault of
 * its own, and stays visible.
 */
export class FileEnd {
  readonly #graceMs: number;
  #open = 0;
  #hasFailed = false;

  /** `graceMs`: for the rest of the file: tests that are not counted here, and the report. */
  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** A test of the file was declared. The function takes its end; only the first call counts. */
  declared(): (hasFailed: boolean) => void {
    this.#open += 1;
    let isOpen = true;
    return (hasFailed) => {
      if (isOpen) this.#ended(hasFailed);
      isOpen = false;
    };
  }

  #ended(hasFailed: boolean): void {
    this.#open -= 1;
    this.#hasFailed ||= hasFailed;
    if (this.#open > 0 || !this.#hasFailed) return;
    // Without a hold on the process: it has an effect only where something else holds it.
    setTimeout(() => process.exit(1), this.#graceMs).unref();
  }
}
