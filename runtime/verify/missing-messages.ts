import type { TrafficClass } from '#contract/traffic-class.ts';
import { nameOf } from './mark.ts';
import type { DeadLettersFound, Drops, Unread } from './message-ends.ts';
import type { VerdictCounts } from './verdict-counts.ts';

/** A message that was sent and has not arrived. */
export interface Sent {
  readonly atMs: number;
  isConfirmed: boolean;
}

export interface KeyState {
  sent: number;
  confirmed: number;
  /** Greatest number that arrived; 0 before the first. */
  newest: number;
  /** Sent and not arrived, in the order of numbers. */
  readonly missing: Map<number, Sent>;
  /** First number of the probes: messages that only show whether the key still moves. */
  probesFrom: number;
  hasProbe: boolean;
}

/** The facts at the end of a run beside the messages that arrived. */
export interface RunEnd {
  readonly atMs: number;
  readonly deadLetters: DeadLettersFound;
  readonly unread: Unread;
  readonly drops: Drops;
}

/** Numbers of missing messages by their ends. */
export interface MissingCounts {
  unconfirmed: number;
  expired: number;
  expiredUnread: number;
  deadLettered: number;
  dropped: number;
  superseded: number;
  /** Drops that the bridge counted and that stand for no message here. */
  dropsLeft: number;
}

interface Rules {
  readonly trafficClass: TrafficClass;
  readonly expiresMs: number | undefined;
}

/** Finds the end of each missing message. One without a known end is a violation: lost or wedged. */
export function accountForMissing(
  keys: ReadonlyMap<string, KeyState>,
  end: RunEnd,
  rules: Rules,
  verdicts: VerdictCounts,
): MissingCounts {
  const counts: MissingCounts = {
    unconfirmed: 0,
    expired: 0,
    expiredUnread: 0,
    deadLettered: 0,
    dropped: 0,
    superseded: 0,
    dropsLeft: end.drops === 'unknown' ? 0 : end.drops,
  };
  for (const [key, state] of keys) closeKey(key, state, end, rules, { counts, verdicts });
  return counts;
}

function closeKey(
  key: string,
  { sent: lastSent, missing, probesFrom, hasProbe }: KeyState,
  end: RunEnd,
  rules: Rules,
  { counts, verdicts }: { readonly counts: MissingCounts; readonly verdicts: VerdictCounts },
): void {
  const { atMs, deadLetters, unread } = end;
  const newestSent = Math.min(lastSent, probesFrom - 1);
  const unexplained: number[] = [];
  for (const [number, sent] of missing) {
    if (number >= probesFrom) break;
    const name = nameOf({ key, number });
    if (!sent.isConfirmed) counts.unconfirmed += 1;
    else if (isDeadLetter(name, counts, deadLetters)) counts.deadLettered += 1;
    else if (!isPastExpiry(sent, atMs, rules)) unexplained.push(number);
    else if (needsNoLetter(deadLetters, rules)) counts.expired += 1;
    else if (unread(name)) counts.expiredUnread += 1;
    else unexplained.push(number);
  }
  const probes = [...missing.keys()].filter((number) => number >= probesFrom);
  // A probe that ended as a dead letter shows that the key moves.
  const hasDeadProbe =
    typeof deadLetters === 'object' && probes.some((number) => deadLetters.has(nameOf({ key, number })));
  const isAlive = probesFrom === Infinity || hasProbe || hasDeadProbe;
  // Of telemetry the newest stands for all before it, and only the newest can be lost.
  const isTelemetry = rules.trafficClass === 'telemetry';
  const wanted = isTelemetry ? unexplained.filter((number) => number === newestSent) : unexplained;
  if (!isAlive && (unexplained.length > 0 || counts.expired + counts.expiredUnread > 0)) {
    if (counts.dropsLeft < wanted.length + probes.length) {
      const text = `key ${key}: ${unexplained.length} messages and all that were sent behind them`;
      return verdicts.violation('wedged', text);
    }
    counts.dropsLeft -= probes.length;
  }
  counts.superseded += unexplained.length - wanted.length;
  const dropped = Math.min(counts.dropsLeft, wanted.length);
  counts.dropsLeft -= dropped;
  counts.dropped += dropped;
  for (const number of wanted.slice(dropped)) verdicts.violation('lost', nameOf({ key, number }));
  return undefined;
}

function isDeadLetter(name: string, { deadLettered }: MissingCounts, deadLetters: DeadLettersFound): boolean {
  if (deadLetters === undefined) return false;
  return typeof deadLetters === 'number' ? deadLettered < deadLetters : deadLetters.has(name);
}

function isPastExpiry({ atMs: sentAtMs }: Sent, atMs: number, { expiresMs }: Rules): boolean {
  return expiresMs !== undefined && sentAtMs + expiresMs <= atMs;
}

/** If dead letters can be read, an expired message is one of them, except in class telemetry. */
function needsNoLetter(deadLetters: DeadLettersFound, { trafficClass }: Rules): boolean {
  return trafficClass === 'telemetry' || deadLetters === undefined;
}
