import type { Link } from '../link.ts';

/** A problem that lasts longer is reported once more, as a problem. */
const REPORT_AFTER_MS = 5000;

/** The failures of a source by part (heartbeat, commit, a server ...): while there is one, the source is disconnected. */
export class SourceHealth {
  readonly #link: Link;
  readonly #isEnding: () => boolean;
  readonly #failures = new Map<string, number>();

  /** `isEnding`: the source is between two epochs, and the next join reports it as connected. */
  constructor(link: Link, isEnding: () => boolean) {
    this.#link = link;
    this.#isEnding = isEnding;
  }

  failed(part: string, thrown: unknown): void {
    const since = this.#failures.get(part) ?? performance.now();
    this.#failures.set(part, since);
    const error = this.#link.errorOf(thrown);
    this.#link.disconnected(error.message);
    if (error.code !== 'BUS_UNREACHABLE' || performance.now() - since > REPORT_AFTER_MS)
      this.#link.reportProblem(error);
  }

  succeeded(part: string): void {
    if (!this.#failures.delete(part) || this.#failures.size > 0 || this.#isEnding()) return;
    this.#link.connected('reading on');
  }

  /** A join has failed: it is tried again by the caller, which reports the problem. */
  joinFailed(thrown: unknown): void {
    this.#failures.set('group', performance.now());
    this.#link.disconnected(this.#link.errorOf(thrown).message);
  }

  reset(): void {
    this.#failures.clear();
  }
}
