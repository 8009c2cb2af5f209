/**
 * A fault of the bridge, thrown in a turn of its own, where it ends the process. A client library that calls back would take it for
 * the end of its connection, or log it and read nothing any more.
 */
export function throwLater(thrown: unknown): void {
  queueMicrotask(() => {
    throw thrown;
  });
}
