import type { TrafficClass } from '#contract/traffic-class.ts';
import type { DeadLettersFound, Drops, Unread } from './message-ends.ts';
import { accountForMissing, type KeyState } from './missing-messages.ts';
import { type Mark, nameOf, type Reading } from './mark.ts';
import { VerdictCounts } from './verdict-counts.ts';
import type { Report, VerdictName } from './verdicts.ts';

const NONE: ReadonlySet<string> = new Set();

/** The promise that the bridge is held to. */
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
export interface ArrivedFrame {
  readonly reading: Reading;
  readonly label: string | undefined;
  /** It has the header `replayed`: it may be a repetition. */
  readonly isReplay: boolean;
  readonly atMs: number;
  /** The time at which the bus stored it, by the checker's clock; undefined where the bus gives none: a message counts from `atMs`. */
  readonly storedMs: number | undefined;
  /** The bus marks it as delivered to the checker before. */
  readonly isReread: boolean;
}

/**
 * Compares the messages that went into a bridge with those that came out of it. Pure: each call is one event with its time. Memory is
 * one entry a key and one a missing message; the generator bounds the latter.
 */
export class Checker {
  readonly #promised: Promised;
  readonly #verdicts: VerdictCounts;
  readonly #keys = new Map<string, KeyState>();
  /** How often the checker itself has sent a message again: so many repetitions are its own. */
  readonly #ownCopies = new Map<string, number>();
  #arrived = 0;
  #distinct = 0;
  #superseded = 0;
  #reread = 0;
  #isRenewed = false;
  #foreign = 0;
  #missing = 0;
  /** Start of the time in which messages go in and none comes out. */
  #waitingSinceMs: number | undefined;
  #longestSilenceMs = 0;

  constructor(promised: Promised) {
    this.#promised = promised;
    this.#verdicts = new VerdictCounts(promised.allowed);
  }

  /** Sent and not arrived, whether or not the first bus has confirmed them. */
  get missing(): number {
    return this.#missing;
  }

  get arrived(): number {
    return this.#arrived;
  }

  /** Keys with missing messages beside those of these names. */
  incompleteKeys(ended: ReadonlySet<string> = NONE): readonly string[] {
    return [...this.#keys].filter(([key, { missing }]) => isOpen(key, missing, ended)).map(([key]) => key);
  }

  labelOf({ number }: Pick<Mark, 'number'>): string | undefined {
    const { labels } = this.#promised;
    return labels[(number - 1) % labels.length];
  }

  /** A message is about to be sent for the first time. Numbers of a key come in order. */
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

  /** A message is sent again: the result of the first try is unknown. */
  sendingAgain(mark: Mark): void {
    this.#ownCopies.set(nameOf(mark), (this.#ownCopies.get(nameOf(mark)) ?? 0) + 1);
  }

  /** The bus that the bridge reads has stored the message. */
  confirmed({ key, number }: Mark, atMs: number): void {
    const state = this.#keys.get(key);
    if (state === undefined) return;
    if (number < state.probesFrom) state.confirmed += 1;
    const sent = state.missing.get(number);
    if (sent === undefined) return;
    sent.isConfirmed = true;
    if (number < state.probesFrom) this.#waitingSinceMs ??= atMs;
  }

  arrive({ reading, label, isReplay, atMs, storedMs, isReread }: ArrivedFrame): void {
    if (reading.kind === 'unreadable') return this.#verdicts.violation('unaccounted', `unreadable: ${reading.text}`);
    const { mark } = reading;
    if (mark.run !== this.#promised.run) {
      if (reading.kind === 'corrupt') return this.#verdicts.violation('unaccounted', `unreadable: ${reading.text}`);
      this.#foreign += 1;
      return undefined;
    }
    const state = this.#keys.get(mark.key);
    if (state === undefined || mark.number < 1 || mark.number > state.sent) {
      return this.#verdicts.violation('unaccounted', `${nameOf(mark)} was never sent`);
    }
    const isFirst = state.missing.has(mark.number);
    if (isReread && !isFirst) {
      this.#reread += 1;
      return undefined;
    }
    this.#endSilence(atMs);
    if (mark.number < state.probesFrom) this.#arrived += 1;
    if (reading.kind === 'corrupt') this.#verdicts.violation('corrupt', `${nameOf(mark)}: ${reading.text}`);
    this.#judgeExpiry(mark, atMs, storedMs);
    this.#judgeLabel(mark, label);
    this.#judgePlace(mark, state, isFirst, isReplay);
    if (isFirst) this.#account(mark, state);
    state.newest = Math.max(state.newest, mark.number);
    return undefined;
  }

  /**
   * The reading end is opened anew. A message that it reads from now on may have waited for long: neither its expiry nor the
   * silence before it counts against the bridge.
   */
  renewed(): void {
    this.#isRenewed = true;
  }

  /** The end of the run: missing messages will not arrive. `unread`: whether a bus let a message expire unread. */
  finish(atMs: number, deadLetters: DeadLettersFound, unread: Unread = () => false, drops: Drops = 0): Report {
    const wasFine = this.#verdicts.isFine;
    const found = accountForMissing(this.#keys, { atMs, deadLetters, unread, drops }, this.#promised, this.#verdicts);
    this.#superseded += found.superseded;
    // The counters of the bridge do not tell a telemetry message that a function dropped from one that a newer one replaced.
    const dropped = found.dropped + Math.min(found.dropsLeft, this.#superseded);
    this.#superseded -= dropped - found.dropped;
    const { unconfirmed, expired, expiredUnread, deadLettered } = found;
    const ended = deadLettered + dropped;
    // A silence in which each message had a known end is no fault of the bridge.
    const isExplained = ended > 0 && wasFine === this.#verdicts.isFine;
    this.#endSilence(atMs, this.#missing > 0 && !isExplained, true);
    let sent = 0;
    for (const { confirmed } of this.#keys.values()) sent += confirmed;
    const isFine = this.#verdicts.isFine;
    const judged = sent > 0 && (this.#distinct > 0 || (isFine ? ended === 0 : ended > 0 || drops !== 'unknown'));
    return {
      ok: judged && isFine,
      judged,
      run: this.#promised.run,
      class: this.#promised.trafficClass,
      sent,
      unconfirmed,
      expired,
      expiredUnread,
      deadLettered,
      dropped,
      arrived: this.#arrived,
      distinct: this.#distinct,
      superseded: this.#superseded,
      reread: this.#reread,
      renewed: this.#isRenewed,
      foreign: this.#foreign,
      longestSilenceMs: this.#longestSilenceMs,
      verdicts: this.#verdicts.all(),
    };
  }

  /** A message arrived, or the run is over: a silence ends. */
  #endSilence(atMs: number, isSilent = true, isOver = false): void {
    if (this.#waitingSinceMs === undefined) return;
    const silenceMs = atMs - this.#waitingSinceMs;
    this.#waitingSinceMs = undefined;
    if (!isSilent || (this.#isRenewed && !isOver)) return;
    this.#longestSilenceMs = Math.max(this.#longestSilenceMs, silenceMs);
    if (silenceMs > this.#promised.wedgedMs)
      this.#verdicts.violation('wedged', `nothing arrived for ${silenceMs} ms although messages were sent`);
  }

  /** A message that its bus stored in time is in time, even if the bus was away afterwards and the message was read late. */
  #judgeExpiry(mark: Mark, atMs: number, storedMs: number | undefined): void {
    const { expiresMs, slackMs } = this.#promised;
    if (expiresMs === undefined || (this.#isRenewed && storedMs === undefined)) return;
    const lateMs = (storedMs ?? atMs) - mark.sentAtMs - expiresMs;
    if (lateMs > slackMs)
      this.#verdicts.violation('expired-delivered', `${nameOf(mark)} arrived ${lateMs} ms past expiry`);
  }

  #judgeLabel(mark: Mark, label: string | undefined): void {
    const wanted = this.labelOf(mark);
    if (wanted === undefined || wanted === label) return;
    const found = label === undefined ? 'without a label' : `labelled ${label}`;
    this.#verdicts.violation('label-violation', `${nameOf(mark)} was sent labelled ${wanted}, arrived ${found}`);
  }

  #judgePlace(mark: Mark, { newest }: KeyState, isFirst: boolean, isReplay: boolean): void {
    const { trafficClass } = this.#promised;
    const name = nameOf(mark);
    const isBehind = mark.number < newest;
    if (!isFirst && this.#isOwnCopy(name)) return this.#verdicts.tolerated('duplicated');
    if (trafficClass === 'telemetry' || trafficClass === 'command') {
      if (isBehind) return this.#verdicts.violation('stale-overtake', `${name} arrived behind ${newest}`);
      // The last one of its key may come again after a crash: the same value.
      return isFirst ? undefined : this.#verdicts.tolerated('duplicated');
    }
    // A repetition of class audit has the header `replayed`.
    if (!isFirst && trafficClass === 'audit' && isReplay) return this.#verdicts.tolerated('duplicated');
    if (!isFirst) return this.#verdicts.violation('duplicated', `${name} arrived again`);
    if (isBehind) return this.#verdicts.violation('reordered', `${name} arrived behind ${newest}`);
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
}

/** Asked 20 times a second, of as many as a million messages: it ends at the first one. */
function isOpen(key: string, missing: KeyState['missing'], ended: ReadonlySet<string>): boolean {
  for (const number of missing.keys()) if (!ended.has(nameOf({ key, number }))) return true;
  return false;
}
