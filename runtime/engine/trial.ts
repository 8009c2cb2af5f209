import { createHash } from 'node:crypto';
import { asSluiceError } from '#contract/errors.ts';
import { MOST_ENDS, type Suspects } from '#contract/suspects.ts';
import { Deque } from '#kit/deque.ts';
import type { Job } from './job.ts';
import type { Route } from './route.ts';

/** While the note of who goes in cannot be written, nobody goes in. */
const AGAIN_MS = 1000;

/** What a trial decides. */
export interface Verdicts {
  /** The process ended too often while it was in its stages: it is not run again. */
  convict(job: Job): void;
  /** Nobody is left to be tried. */
  over(): void;
}

interface Turn {
  readonly job: Job;
  readonly run: () => void;
}

/** A route's trial, where there is something to try. */
export function trialOf({ suspects, clock, log, name, window }: Route, verdicts: Verdicts): Trial | undefined {
  if (suspects === undefined || (!suspects.isAfterCrash && suspects.size === 0)) return undefined;
  const first = suspects.isAfterCrash ? window.messages : 0;
  log.warn('probation', {
    route: name,
    messages: first,
    suspects: suspects.size,
    text: suspects.isAfterCrash
      ? 'the last run did not end well: the first messages pass their stages one at a time'
      : 'some message ended an earlier run and has not come again',
  });
  const onUnwritten = (thrown: unknown): void => {
    const { code, message } = asSluiceError(thrown, 'STATE_UNUSABLE');
    log.error('probation-unwritten', { route: name, code, text: message });
  };
  return new Trial(suspects, first, {
    convict: (job) => verdicts.convict(job),
    over() {
      log.info('probation-over', { route: name });
      verdicts.over();
    },
    onUnwritten,
    after: (ms, run) => clock.after(ms, run),
  });
}

interface TrialSettings extends Verdicts {
  onUnwritten(thrown: unknown): void;
  after(ms: number, run: () => void): void;
}

/**
 * Finds the message that ends the process. After a crash the first window of messages is decoded and goes through the
 * stages one at a time, the name of each written down before and struck out after: who is found written down at the
 * next start gets a strike. Then only those with a strike are written down, until each was seen again. Turns come in
 * the order in which they were asked for, so lanes keep theirs (invariant 5).
 */
export class Trial {
  readonly #suspects: Suspects;
  readonly #settings: TrialSettings;
  readonly #waiting = new Deque<Turn>();
  /** One, until the first window is through. The name is undefined where it was not written down. */
  readonly #inside = new Map<Job, string | undefined>();
  /** Messages that are still to be tried whoever they are. */
  #first: number;
  #isDue = false;
  #isStopped = false;

  constructor(suspects: Suspects, first: number, settings: TrialSettings) {
    this.#suspects = suspects;
    this.#first = first;
    this.#settings = settings;
  }

  /** Whether the job has to `take` a turn before its next step. */
  wants(job: Job): boolean {
    if (this.#isStopped || this.#inside.has(job)) return false;
    // Nobody overtakes those who wait.
    return this.#first > 0 || this.#waiting.size > 0 || this.#suspects.strikes(nameOf(job)) > 0;
  }

  /** Calls `run` in its turn, which lasts until the job has `left`. */
  take(job: Job, run: () => void): void {
    this.#waiting.push({ job, run });
    this.#call();
  }

  /** The job is out of its stages, for good or until its next try. */
  left(job: Job, passed: boolean): void {
    const name = this.#inside.get(job);
    if (!this.#inside.delete(job)) return;
    if (name !== undefined) this.#suspects.leave(name, passed);
    this.#call();
  }

  buried(job: Job): void {
    if (this.#isStopped) return;
    this.#suspects.buried(nameOf(job));
    this.#call();
  }

  /** Gives everyone up: nothing more is written. */
  stop(): void {
    for (const name of this.#inside.values()) if (name !== undefined) this.#suspects.leave(name, false);
    this.#inside.clear();
    this.#isStopped = true;
  }

  #call(): void {
    if (this.#isDue || this.#isStopped || (this.#first > 0 && this.#inside.size > 0)) return;
    if (this.#waiting.size > 0) {
      this.#isDue = true;
      // Sockets and timers have their turn too: each of these waits for the disk.
      this.#settings.after(0, () => this.#next());
    } else if (this.#first === 0 && this.#suspects.size === 0 && this.#inside.size === 0) this.#settings.over();
  }

  #next(): void {
    this.#isDue = false;
    if (this.#isStopped) return;
    do {
      const turn = this.#waiting.at(0);
      if (turn === undefined) break;
      if (!this.#begin(turn)) return;
    } while (this.#first === 0);
    this.#call();
  }

  /** False when it has to wait for the disk. */
  #begin({ job, run }: Turn): boolean {
    const name = nameOf(job);
    const strikes = this.#suspects.strikes(name);
    const isConvicted = strikes >= MOST_ENDS;
    if (!job.settled && !isConvicted) {
      const isTried = this.#first > 0 || strikes > 0;
      if (isTried && !this.#isWritten(name)) return false;
      this.#inside.set(job, isTried ? name : undefined);
    }
    this.#waiting.shift();
    if (this.#first > 0 && job.message === undefined) this.#first -= 1;
    if (job.settled) return true;
    if (isConvicted) this.#settings.convict(job);
    else run();
    return true;
  }

  #isWritten(name: string): boolean {
    try {
      this.#suspects.enter(name);
      return true;
    } catch (thrown) {
      this.#settings.onUnwritten(thrown);
      this.#isDue = true;
      this.#settings.after(AGAIN_MS, () => this.#next());
      return false;
    }
  }
}

const names = new WeakMap<Job, string>();

/** What a message is known by when it comes again after a restart. */
function nameOf(job: Job): string {
  const { id, frame, isNumberedHere } = job.delivery;
  if (isNumberedHere !== true) return id;
  let name = names.get(job);
  if (name === undefined) {
    // The bus has no name for it, so what it holds is its name: what is equal ends a function equally.
    const digest = createHash('sha256')
      .update(frame.body ?? 'null')
      .digest('base64url');
    name = `${frame.address} ${digest}`;
    names.set(job, name);
  }
  return name;
}
