/** Ids that a sink's log holds, each with what the log says of the time of its message. */
export class LogIds<Time extends { readonly latestMs: number }> {
  readonly known = new Map<string, Time>();
  /** How many messages wore an id of the route. */
  count = 0;
  readonly #shared = new Set<string>();

  note(id: string, time: Time): void {
    this.count += 1;
    const other = this.known.get(id);
    if (this.#shared.has(id)) return;
    if (other === undefined || other.latestMs === time.latestMs) this.known.set(id, time);
    else {
      // Two messages wear it, or one was written twice: that it is there proves nothing of a third.
      this.known.delete(id);
      this.#shared.add(id);
    }
  }
}
