import type { TrafficClass } from '#contract/traffic-class.ts';
import type { DeadLettersFound, Drops, Unread } from './elsewhere.ts';
import { type Mark, nameOf, type Reading } from './mark.ts';
import { Tally } from './tally.ts';
import type { Report, VerdictName } from './verdicts.ts';

/** What is promised. */
export interface Promised {
  readonly run: string;
  readonly trafficClass: TrafficClass;
  /** Message `n` of a key carries label `(n - 1) mod length`; empty: labels are not judged. */
  readonly labels: readonly string[];
  /** Undefined: nothing expires. */
  readonly expiresMs: number | undefined;
  /** How much later than its expiry a message may arrive. */
  readonly slackMs: number;
  /** For how long nothing may arrive although messages were sent. */
  readonly wedgedMs: number;
  readonly allowed: ReadonlySet<VerdictName>;
}

/** One frame that came out of the bridge. */
export interface Arrival {
  readonly reading: Reading;
  readonly label: string | undefined;
  /** It says of itself that it may be a repetition: header `replayed`. */
  readonly isReplay: boolean;
  readonly atMs: number;
  /** When the bus stored it, where the bus says so by the checker's clock; undefined: a message counts from `atMs`. */
  readonly storedMs: number | undefined;
  /** The bus says that it has given this very copy to the checker before. */
  readonly isReread: boolean;
}

interface Sent {
  readonly atMs: number;
  isConfirmed: boolean;
}

interface KeyState {
  sent: number;
  confirmed: number;
  /** Greatest number that arrived; 0 before the first. */
  newest: number;
  /** Sent and not there yet, in the order of numbers. */
  readonly missing: Map<number, Sent>;
  /** Number from which on they were sent only to see whether the key is alive. */
  probesFrom: number;
  hasProbe: boolean;
}

/**
 * Compares what went into a bridge with what came out of it. Pure: it is told what happened, and when. Memory is one
 * entry a key and one a message that is missing at the moment; whoever sends bounds the latter.
 */
export class Checker {
  readonly #promised: Promised;
  readonly #tally: Tally;
  readonly #keys = new Map<string, KeyState>();
  /** Sent more than once by the checker itself: so many repetitions are its own. */
  readonly #ownCopies = new Map<string, number>();
  #arrived = 0;
  #distinct = 0;
  #superseded = 0;
  #reread = 0;
  #isRenewed = false;
  #foreign = 0;
  #missing = 0;
  /** Since when messages go in and none comes out. */
  #waitingSinceMs: number | undefined;
  #longestSilenceMs = 0;

  constructor(promised: Promised) {
    this.#promised = promised;
    this.#tally = new Tally(promised.allowed);
  }

  /** Handed over but not there, whether or not the first bus has confirmed them. */
  get missing(): number {
    return this.#missing;
  }

  get arrived(): number {
    return this.#arrived;
  }

  /** Keys of which something is missing. */
  incompleteKeys(): readonly string[] {
    return [...this.#keys].filter(([, { missing }]) => missing.size > 0).map(([key]) => key);
  }

  labelOf({ number }: Pick<Mark, 'number'>): string | undefined {
    const { labels } = this.#promised;
    return labels[(number - 1) % labels.length];
  }

  /** Is about to be handed over for the first time. Numbers of a key come in order. */
  sending({ key, number, sentAtMs }: Mark, isProbe = false): void {
    let state = this.#keys.get(key);
    if (state === undefined) {
      state = { sent: 0, confirmed: 0, newest: 0, missing: new Map(), probesFrom: Infinity, hasProbe: false };
      this.#keys.set(key, state);
    }
    if (isProbe) state.probesFrom = Math.min(state.probesFrom, number);
    state.sent = number;
    state.missing.set(number, { atMs: sentAtMs, isConfirmed: false });
    this.#missing += 1;
  }

  /** Is handed over once more: nobody knows whether the first try got through. */
  sendingAgain(mark: Mark): void {
    this.#ownCopies.set(nameOf(mark), (this.#ownCopies.get(nameOf(mark)) ?? 0) + 1);
  }

  /** The bus that the bridge reads holds it. */
  confirmed({ key, number }: Mark, atMs: number): void {
    const state = this.#keys.get(key);
    if (state === undefined) return;
    if (number < state.probesFrom) state.confirmed += 1;
    const sent = state.missing.get(number);
    if (sent === undefined) return;
    sent.isConfirmed = true;
    if (number < state.probesFrom) this.#waitingSinceMs ??= atMs;
  }

  arrive({ reading, label, isReplay, atMs, storedMs, isReread }: Arrival): void {
    if (reading.kind === 'unreadable') return this.#tally.convict('unaccounted', `unreadable: ${reading.text}`);
    const { mark } = reading;
    if (mark.run !== this.#promised.run) {
      if (reading.kind === 'corrupt') return this.#tally.convict('unaccounted', `unreadable: ${reading.text}`);
      this.#foreign += 1;
      return undefined;
    }
    const state = this.#keys.get(mark.key);
    if (state === undefined || mark.number < 1 || mark.number > state.sent) {
      return this.#tally.convict('unaccounted', `${nameOf(mark)} was never sent`);
    }
    const isFirst = state.missing.has(mark.number);
    if (isReread && !isFirst) {
      this.#reread += 1;
      return undefined;
    }
    this.#heard(atMs);
    if (mark.number < state.probesFrom) this.#arrived += 1;
    if (reading.kind === 'corrupt') this.#tally.convict('corrupt', `${nameOf(mark)}: ${reading.text}`);
    this.#judgeExpiry(mark, atMs, storedMs);
    this.#judgeLabel(mark, label);
    this.#judgePlace(mark, state, isFirst, isReplay);
    if (isFirst) this.#account(mark, state);
    state.newest = Math.max(state.newest, mark.number);
    return undefined;
  }

  /**
   * The reading end is opened anew. What it reads from now on may have been there for long: neither its expiry nor the
   * silence before it is held against the bridge.
   */
  renewed(): void {
    this.#isRenewed = true;
  }

  /** The end: what is missing now will not come. `unread`: whether a bus let one expire, as far as is known. */
  finish(atMs: number, deadLetters: DeadLettersFound, unread: Unread = () => false, drops: Drops = 0): Report {
    const found = { unconfirmed: 0, expired: 0, expiredUnread: 0, deadLettered: 0, dropped: 0 };
    const end = { atMs, deadLetters, unread, left: drops === 'unknown' ? 0 : drops };
    const wasFine = this.#tally.isFine;
    for (const [key, state] of this.#keys) this.#closeKey(key, state, end, found);
    // Of telemetry nobody can tell one that the function dropped from one that a newer one replaced.
    const rest = Math.min(end.left, this.#superseded);
    this.#superseded -= rest;
    found.dropped += rest;
    const ended = found.deadLettered + found.dropped;
    // A silence in which every message had an end that is known is none of the bridge's.
    const isExplained = ended > 0 && wasFine === this.#tally.isFine;
    this.#heard(atMs, this.#missing > 0 && !isExplained, true);
    let sent = 0;
    for (const { confirmed } of this.#keys.values()) sent += confirmed;
    const isFine = this.#tally.isFine;
    const judged = sent > 0 && (this.#distinct > 0 || (isFine ? ended === 0 : ended > 0 || drops !== 'unknown'));
    return {
      ok: judged && isFine,
      judged,
      run: this.#promised.run,
      class: this.#promised.trafficClass,
      sent,
      ...found,
      arrived: this.#arrived,
      distinct: this.#distinct,
      superseded: this.#superseded,
      reread: this.#reread,
      renewed: this.#isRenewed,
      foreign: this.#foreign,
      longestSilenceMs: this.#longestSilenceMs,
      verdicts: this.#tally.verdicts(),
    };
  }

  /** Something arrived, or the run is over: ends a silence. */
  #heard(atMs: number, isSilent = true, isOver = false): void {
    if (this.#waitingSinceMs === undefined) return;
    const silenceMs = atMs - this.#waitingSinceMs;
    this.#waitingSinceMs = undefined;
    if (!isSilent || (this.#isRenewed && !isOver)) return;
    this.#longestSilenceMs = Math.max(this.#longestSilenceMs, silenceMs);
    if (silenceMs > this.#promised.wedgedMs)
      this.#tally.convict('wedged', `nothing arrived for ${silenceMs} ms although messages were sent`);
  }

  /** A bridge hands over in time what its bus stores in time, though nobody can read it while the bus is away. */
  #judgeExpiry(mark: Mark, atMs: number, storedMs: number | undefined): void {
    const { expiresMs, slackMs } = this.#promised;
    if (expiresMs === undefined || (this.#isRenewed && storedMs === undefined)) return;
    const lateMs = (storedMs ?? atMs) - mark.sentAtMs - expiresMs;
    if (lateMs > slackMs) this.#tally.convict('expired-delivered', `${nameOf(mark)} arrived ${lateMs} ms past expiry`);
  }

  #judgeLabel(mark: Mark, label: string | undefined): void {
    const wanted = this.labelOf(mark);
    if (wanted === undefined || wanted === label) return;
    const found = label === undefined ? 'without a label' : `labelled ${label}`;
    this.#tally.convict('label-violation', `${nameOf(mark)} was sent labelled ${wanted}, arrived ${found}`);
  }

  #judgePlace(mark: Mark, { newest }: KeyState, isFirst: boolean, isReplay: boolean): void {
    const { trafficClass } = this.#promised;
    const name = nameOf(mark);
    const isBehind = mark.number < newest;
    if (!isFirst && this.#isOwnCopy(name)) return this.#tally.tolerate('duplicated');
    if (trafficClass === 'telemetry' || trafficClass === 'command') {
      if (isBehind) return this.#tally.convict('stale-overtake', `${name} arrived behind ${newest}`);
      // The last one of its key may come again after a crash: the same value.
      return isFirst ? undefined : this.#tally.tolerate('duplicated');
    }
    // What audit repeats says so of itself.
    if (!isFirst && trafficClass === 'audit' && isReplay) return this.#tally.tolerate('duplicated');
    if (!isFirst) return this.#tally.convict('duplicated', `${name} arrived again`);
    if (isBehind) return this.#tally.convict('reordered', `${name} arrived behind ${newest}`);
    return undefined;
  }

  #isOwnCopy(name: string): boolean {
    const copies = this.#ownCopies.get(name) ?? 0;
    if (copies === 0) return false;
    this.#ownCopies.set(name, copies - 1);
    return true;
  }

  #account({ number }: Mark, state: KeyState): void {
    const { missing, probesFrom } = state;
    missing.delete(number);
    this.#missing -= 1;
    if (number >= probesFrom) {
      state.hasProbe = true;
      return;
    }
    this.#distinct += 1;
    if (this.#promised.trafficClass !== 'telemetry') return;
    for (const [older, { isConfirmed }] of missing) {
      if (older > number) return;
      missing.delete(older);
      this.#missing -= 1;
      if (isConfirmed) this.#superseded += 1;
    }
  }

  #closeKey(
    key: string,
    state: KeyState,
    end: { atMs: number; deadLetters: DeadLettersFound; unread: Unread; left: number },
    found: { unconfirmed: number; expired: number; expiredUnread: number; deadLettered: number; dropped: number },
  ): void {
    const { atMs, deadLetters, unread } = end;
    const { missing, probesFrom, hasProbe } = state;
    const newestSent = Math.min(state.sent, probesFrom - 1);
    const unexplained: number[] = [];
    for (const [number, sent] of missing) {
      if (number >= probesFrom) break;
      const name = nameOf({ key, number });
      if (!sent.isConfirmed) found.unconfirmed += 1;
      else if (this.#isBuried(name, found, deadLetters)) found.deadLettered += 1;
      else if (!this.#isPastExpiry(sent, atMs)) unexplained.push(number);
      else if (this.#needsNoLetter(deadLetters)) found.expired += 1;
      else if (unread(name)) found.expiredUnread += 1;
      else unexplained.push(number);
    }
    const probes = [...missing.keys()].filter((number) => number >= probesFrom);
    // One that ended as a dead letter has shown it too.
    const isBuried =
      typeof deadLetters === 'object' && probes.some((number) => deadLetters.has(nameOf({ key, number })));
    const isAlive = probesFrom === Infinity || hasProbe || isBuried;
    // Of telemetry the newest stands for all before it, and only the newest can be lost.
    const isTelemetry = this.#promised.trafficClass === 'telemetry';
    const wanted = isTelemetry ? unexplained.filter((number) => number === newestSent) : unexplained;
    if (!isAlive && (unexplained.length > 0 || found.expired + found.expiredUnread > 0)) {
      if (end.left < wanted.length + probes.length) {
        const text = `key ${key}: ${unexplained.length} messages and what was sent behind them`;
        return this.#tally.convict('wedged', text);
      }
      end.left -= probes.length;
    }
    this.#superseded += unexplained.length - wanted.length;
    const dropped = Math.min(end.left, wanted.length);
    end.left -= dropped;
    found.dropped += dropped;
    for (const number of wanted.slice(dropped)) this.#tally.convict('lost', nameOf({ key, number }));
    return undefined;
  }

  #isBuried(name: string, { deadLettered }: { deadLettered: number }, deadLetters: DeadLettersFound): boolean {
    if (deadLetters === undefined) return false;
    return typeof deadLetters === 'number' ? deadLettered < deadLetters : deadLetters.has(name);
  }

  #isPastExpiry({ atMs: sentAtMs }: Sent, atMs: number): boolean {
    const { expiresMs } = this.#promised;
    return expiresMs !== undefined && sentAtMs + expiresMs <= atMs;
  }

  /** Where dead letters can be looked into, an expired message is one of them, but for telemetry. */
  #needsNoLetter(deadLetters: DeadLettersFound): boolean {
    return this.#promised.trafficClass === 'telemetry' || deadLetters === undefined;
  }
}
