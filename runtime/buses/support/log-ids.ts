/** Ids that a sink's log holds, each with the time after which a message of that id is another one. */
export class LogIds {
  readonly known = new Map<string, number>();
  /** How many messages wore an id of the route. */
  count = 0;
  readonly #shared = new Set<string>();

  /** `latestMs`: whoever was made later is another message that wears the id; in milliseconds since 1970 (UTC). */
  note(id: string, latestMs: number): void {
    this.count += 1;
    const other = this.known.get(id);
    if (this.#shared.has(id)) return;
    if (other === undefined || other === latestMs) this.known.set(id, latestMs);
    else {
      // Two messages wear it, or one was written twice: that it is there proves nothing of a third.
      this.known.delete(id);
      this.#shared.add(id);
    }
  }
}
