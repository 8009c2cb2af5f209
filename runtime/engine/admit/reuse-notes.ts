import { ReusedIds } from '#kit/reused-ids.ts';
import type { Route } from '../route-parts.ts';

/** Notices ids that another content had before: a publisher began anew, or two publishers have one name. */
export class ReuseNotes {
  readonly #ids = new ReusedIds();
  readonly #route: Route;

  constructor(route: Route) {
    this.#route = route;
  }

  /** Whether the id had another content before. `whole`: the id with a digest of the content, which it has from now on. */
  isReused(id: string, whole: string): boolean {
    return this.#ids.isReused(id, whole);
  }

  /** To be called once for a message with a reused id: counts it, and logs the first. */
  count(): void {
    const { counters, log } = this.#route.observers;
    counters.idsReused += 1;
    if (counters.idsReused > 1) return;
    const text =
      'a message has the id, or the value of dedupe, of one with another content: it is not taken for a repetition of that one';
    log.warn('id-reused', { route: this.#route.policy.name, code: 'ID_REUSED', text });
  }
}
