import { createHash } from 'node:crypto';
import { asSluiceError, SluiceError } from '#contract/errors.ts';
import { MOST_ENDS, type CrashSuspects } from '#contract/crash-suspects.ts';
import { Deque } from '#kit/deque.ts';
import type { Clock } from '../clock.ts';
import type { InFlight } from '../in-flight.ts';
import type { Policy, Route } from '../route-parts.ts';
import { untilDurable } from '../until-durable.ts';
import { readLabel } from './read-frame.ts';

/** The results of the quarantine. */
export interface Verdicts {
  /** Its turn has come. */
  granted(inFlight: InFlight): void;
  /** The process ended too often while the message was in its stages: it must not run again. */
  refused(inFlight: InFlight, failure: SluiceError): void;
  /** No message is left to be tested. */
  over(): void;
}

/** The quarantine of a route; undefined where there is nothing to test. */
export function crashQuarantineOf(
  { policy, stores: { suspects }, observers: { clock, log } }: Route,
  verdicts: Verdicts,
): CrashQuarantine | undefined {
  if (suspects === undefined || (!suspects.isAfterCrash && suspects.size === 0)) return undefined;
  const { name, window } = policy;
  const first = suspects.isAfterCrash ? window.messages : 0;
  log.warn('crash-quarantine', {
    route: name,
    messages: first,
    suspects: suspects.size,
    text: suspects.isAfterCrash
      ? 'the last run did not end well: the first messages pass their stages one at a time'
      : 'some message ended an earlier run and has not come again',
  });
  const onUnwritten = (thrown: unknown): void => {
    const { code, message } = asSluiceError(thrown, 'STATE_UNUSABLE');
    log.error('crash-quarantine-unwritten', { route: name, code, text: message });
  };
  return new CrashQuarantine(suspects, first, {
    granted: (inFlight) => verdicts.granted(inFlight),
    refused: (inFlight, failure) => verdicts.refused(inFlight, failure),
    over() {
      log.info('crash-quarantine-over', { route: name });
      verdicts.over();
    },
    onUnwritten,
    policy,
    clock,
  });
}

interface CrashQuarantineSettings extends Verdicts {
  onUnwritten(thrown: unknown): void;
  readonly policy: Policy;
  readonly clock: Clock;
}

/**
 * Finds the message that ends the process. After a crash the first window of messages is decoded and passes the stages
 * one message at a time; the name of each is stored before and removed after. The crash count of a name that is still
 * stored at the next start is raised by one. After the first window only messages with a crash count are stored, until
 * each has come again. Turns are granted in the order of the requests, so lanes keep their order (invariant 5).
 */
export class CrashQuarantine {
  readonly #suspects: CrashSuspects;
  readonly #settings: CrashQuarantineSettings;
  readonly #waiting = new Deque<InFlight>();
  /** One message, until the first window has passed. The name is undefined where it was not stored. */
  readonly #inside = new Map<InFlight, string | undefined>();
  /** Messages of the first window that are still to be tested, whatever their crash count is. */
  #first: number;
  #isDue = false;
  #isStopped = false;

  constructor(suspects: CrashSuspects, first: number, settings: CrashQuarantineSettings) {
    this.#suspects = suspects;
    this.#first = first;
    this.#settings = settings;
  }

  /** Whether the message has to wait for its turn, which lasts until it has `left`. */
  holds(inFlight: InFlight): boolean {
    if (this.#isStopped || this.#inside.has(inFlight)) return false;
    // No message overtakes one that waits.
    const isFree = this.#first === 0 && this.#waiting.size === 0;
    if (isFree && this.#suspects.crashCount(nameOf(inFlight)) === 0) return false;
    this.#waiting.push(inFlight);
    this.#call();
    return true;
  }

  /** The message is out of its stages, for good or until its next try. */
  left(inFlight: InFlight, passed: boolean): void {
    const name = this.#inside.get(inFlight);
    if (!this.#inside.delete(inFlight)) return;
    if (name !== undefined) this.#suspects.leave(name, passed);
    this.#call();
  }

  deadLettered(inFlight: InFlight): void {
    if (this.#isStopped) return;
    this.#suspects.deadLettered(nameOf(inFlight));
    this.#call();
  }

  /** Ends the quarantine: nothing more is stored. */
  stop(): void {
    for (const name of this.#inside.values()) if (name !== undefined) this.#suspects.leave(name, false);
    this.#inside.clear();
    this.#isStopped = true;
  }

  #call(): void {
    if (this.#isDue || this.#isStopped || (this.#first > 0 && this.#inside.size > 0)) return;
    if (this.#waiting.size > 0) {
      this.#isDue = true;
      // Sockets and timers get a turn in between, for each step waits for the disk.
      this.#settings.clock.after(0, () => void this.#next());
    } else if (this.#first === 0 && this.#suspects.size === 0 && this.#inside.size === 0) this.#settings.over();
  }

  async #next(): Promise<void> {
    do {
      const next = this.#waiting.at(0);
      if (next === undefined || this.#isStopped) break;
      await this.#begin(next);
    } while (this.#first === 0);
    this.#isDue = false;
    this.#call();
  }

  async #begin(inFlight: InFlight): Promise<void> {
    const name = nameOf(inFlight);
    const crashCount = this.#suspects.crashCount(name);
    const isQuarantined = crashCount >= MOST_ENDS;
    if (!isQuarantined) {
      if (this.#first > 0 || crashCount > 0) await this.#storeName(inFlight, name);
      else this.#inside.set(inFlight, undefined);
    }
    if (this.#isStopped) return;
    this.#waiting.shift();
    if (inFlight.state.at === 'settled') {
      this.left(inFlight, false);
      return;
    }
    if (this.#first > 0 && inFlight.state.at === 'admit') this.#first -= 1;
    if (isQuarantined) this.#refuse(inFlight);
    else this.#settings.granted(inFlight);
  }

  /** Its frame is not read: the crash counts are those of the start, so its first turn is its last. */
  #refuse(inFlight: InFlight): void {
    readLabel(this.#settings.policy, inFlight.envelope);
    const text = `expected the process to outlive this message, found that it ended ${MOST_ENDS} times while the message was in its stages`;
    this.#settings.refused(inFlight, new SluiceError('PROCESS_ENDED', text));
  }

  /** No message enters its stages before its name is stored. */
  async #storeName(inFlight: InFlight, name: string): Promise<void> {
    await untilDurable(this.#settings.clock, {
      act: () => {
        this.#suspects.enter(name);
        this.#inside.set(inFlight, name);
      },
      isOver: () => this.#isStopped || inFlight.state.at === 'settled',
      failed: (thrown) => {
        this.#settings.onUnwritten(thrown);
        return undefined;
      },
    });
  }
}

const names = new WeakMap<InFlight, string>();

/** The name of a message that is the same after a restart. */
function nameOf(inFlight: InFlight): string {
  const { id, frame, isNumberedHere } = inFlight.envelope.delivery;
  if (isNumberedHere !== true) return id;
  let name = names.get(inFlight);
  if (name === undefined) {
    // The bus has no id for it, so its content is its name: equal content ends a function equally.
    const digest = createHash('sha256')
      .update(frame.body ?? 'null')
      .digest('base64url');
    name = `${frame.address} ${digest}`;
    names.set(inFlight, name);
  }
  return name;
}
