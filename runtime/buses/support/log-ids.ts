/** Ids in a sink's log, each with the time of its message. */
export class LogIds<Time extends { readonly latestMs: number }> {
  readonly known = new Map<string, Time>();
  /** The number of messages with an id of the route. */
  count = 0;
  readonly #shared = new Set<string>();

  note(id: string, time: Time): void {
    this.count += 1;
    const other = this.known.get(id);
    if (this.#shared.has(id)) return;
    if (other === undefined || other.latestMs === time.latestMs) this.known.set(id, time);
    else {
      // Two messages have the id, or one was written twice: the id in the log proves nothing about a third message.
      this.known.delete(id);
      this.#shared.add(id);
    }
  }
}
