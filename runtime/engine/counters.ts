import type { RepeatCause } from './repeat-cause.ts';

/**
 * What became of a route's deliveries, in messages. Invariant 3, at every quiet moment:
 * accepted = delivered + dropped + superseded + expired + deadLettered + blocked + held.
 */
export interface Counters {
  /** Taken over from the source. */
  accepted: number;
  /** Every frame made of it was confirmed by the sink. */
  delivered: number;
  /** Ended on purpose by a stage, or a repetition. */
  dropped: number;
  /** Gave way to a newer one of its key. */
  superseded: number;
  /** Past its expiry before it could be sent; recorded as a dead letter, but for telemetry. */
  expired: number;
  deadLettered: number;
  /** Not let through by a label rule. */
  blocked: number;
  /** In the bridge, unsettled. */
  held: number;
  /** Handed back to the source undone when the runtime stopped; they count as held. */
  released: number;
  /** Of those dropped: passed on before, by this process or an earlier one, as the route remembers or the sink's log says. */
  repeated: number;
  /** Of those repeated: by what they were known. */
  readonly repeatedBy: Record<RepeatCause, number>;
  /** Messages whose id, made by the route's template, another message wore before. */
  idsReused: number;
  /** Frames confirmed by the sink; more than `delivered` where a stage makes several of one. */
  sent: number;
  /** Frames that were not sent because the sink's log held them already. They count as sent too. */
  known: number;
  /** Tries beyond the first, of stages and of sends. */
  retries: number;
  /** Times that sending stopped and went back to the first unconfirmed frame. */
  rewinds: number;
  /** Confirmations that said "already stored" where no sending of ours explains it. */
  unexplainedDuplicates: number;
}

export function newCounters(): Counters {
  return {
    accepted: 0,
    delivered: 0,
    dropped: 0,
    superseded: 0,
    expired: 0,
    deadLettered: 0,
    blocked: 0,
    held: 0,
    released: 0,
    repeated: 0,
    repeatedBy: { remembered: 0, 'sent-again': 0, dedupe: 0, log: 0 },
    idsReused: 0,
    sent: 0,
    known: 0,
    retries: 0,
    rewinds: 0,
    unexplainedDuplicates: 0,
  };
}

/** What invariant 3 says the difference is: 0. */
export function imbalance(c: Counters): number {
  return c.accepted - c.delivered - c.dropped - c.superseded - c.expired - c.deadLettered - c.blocked - c.held;
}
