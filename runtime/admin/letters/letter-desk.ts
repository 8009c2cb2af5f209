import { randomUUID } from 'node:crypto';
import type { Log } from '#contract/log.ts';
import { type Clearance, divided } from '../../labels/clearance.ts';
import { type DeadLetterAdmin, openDeadLetterAdmin, type ReplayProgress } from '../../store/dead-letters/admin.ts';
import type { LetterFilter } from '../../store/dead-letters/filter.ts';
import { type ReplayedRoute, replayObstacle } from '../../store/dead-letters/replay-obstacle.ts';
import type { LetterSummary, StoredLetter } from '../../store/dead-letters/stored-letter.ts';

/** On one page. */
export const PAGE = 50;
/** The bridge waits as long for another command's commit. */
const BUSY_MS = 50;

export interface LetterDeskSettings {
  readonly stateFolder: string;
  readonly routes: readonly ReplayedRoute[];
  /** What the page may show. */
  readonly clearance: Clearance;
  readonly log: Log;
}

/** Some letters, the newest first. */
export interface LetterPage {
  readonly letters: readonly LetterSummary[];
  /** Of those that would be on the page: above what it may show. */
  readonly hidden: number;
  /** The next page begins below this number; undefined where there is none. */
  readonly next: number | undefined;
  readonly total: number;
}

/** The dead letters of a running pipeline for its page. Each call opens the store anew: commands use it too. */
export class LetterDesk {
  readonly #settings: LetterDeskSettings;

  constructor(settings: LetterDeskSettings) {
    this.#settings = settings;
  }

  get clearance(): Clearance {
    return this.#settings.clearance;
  }

  /** Throws STATE_UNUSABLE, as the other calls do. */
  page(filter: LetterFilter): LetterPage {
    return this.#with({ letters: [], hidden: 0, next: undefined, total: 0 }, (admin) => {
      const found = admin.list(filter, PAGE).toReversed();
      const { allowed, denied } = divided(found, this.#settings.clearance);
      const { below: _, ...all } = filter;
      const next = found.length < PAGE ? undefined : found.at(-1)?.number;
      return { letters: allowed, hidden: denied.length, next, total: admin.count(all) };
    });
  }

  codes(): readonly string[] {
    return this.#with<readonly string[]>([], (admin) => admin.codes());
  }

  letter(number: number): StoredLetter | 'none' | 'hidden' {
    return this.#with<StoredLetter | 'none' | 'hidden'>('none', (admin) => {
      const [letter] = admin.each({ numbers: [number] });
      if (letter === undefined) return 'none';
      return this.#settings.clearance.allows(letter) ? letter : 'hidden';
    });
  }

  /** The name of the request, or why there is none. */
  replay(numbers: readonly number[]): { readonly name: string } | { readonly refused: string } {
    return this.#with<{ readonly name: string } | { readonly refused: string }>({ refused: NONE }, (admin) => {
      const refused = this.#refused(admin, numbers);
      if (refused !== undefined) return { refused };
      const filter = { numbers };
      const obstacle = replayObstacle(admin, filter, this.#settings.routes, undefined);
      if (obstacle?.kind === 'unknown-routes') {
        return { refused: `The pipeline has no route ${obstacle.routes.join(', ')} any more.` };
      }
      if (obstacle !== undefined) {
        return {
          refused: `${obstacle.count} of them have expired and would expire again: sluice dlq replay --renew-expiry 5m sends them all the same.`,
        };
      }
      const name = randomUUID();
      const letters = admin.request(filter, { name, rate: undefined, renewExpiryMs: undefined }, Date.now());
      this.#settings.log.info('letters-replay-requested', { letters, by: 'admin port' });
      return { name };
    });
  }

  progress(name: string): { readonly progress: ReplayProgress; readonly failures: readonly LetterSummary[] } {
    const none = { progress: { requested: 0, issued: 0, done: 0, failed: 0 }, failures: [] };
    return this.#with<ReturnType<LetterDesk['progress']>>(none, (admin) => {
      const failures = divided(admin.failures(name, PAGE), this.#settings.clearance).allowed;
      return { progress: admin.progress(name), failures };
    });
  }

  discard(numbers: readonly number[]): { readonly discarded: number } | { readonly refused: string } {
    return this.#with<{ readonly discarded: number } | { readonly refused: string }>({ refused: NONE }, (admin) => {
      const refused = this.#refused(admin, numbers);
      if (refused !== undefined) return { refused };
      const discarded = admin.discard({ numbers });
      this.#settings.log.info('letters-discard-requested', { letters: discarded, by: 'admin port' });
      return { discarded };
    });
  }

  /** Nobody acts on what the page does not show. */
  #refused(admin: DeadLetterAdmin, numbers: readonly number[]): string | undefined {
    const { allowed, denied } = divided(admin.list({ numbers }, numbers.length + 1), this.#settings.clearance);
    if (denied.length > 0) return 'Some of these letters are above what this page may show.';
    return allowed.length === 0 ? NONE : undefined;
  }

  #with<T>(none: T, act: (admin: DeadLetterAdmin) => T): T {
    const admin = openDeadLetterAdmin(this.#settings.stateFolder, BUSY_MS);
    if (admin === undefined) return none;
    try {
      return act(admin);
    } finally {
      admin.close();
    }
  }
}

const NONE = 'There are no such letters any more.';
