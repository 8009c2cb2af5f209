import type { RepeatCause } from './history/repeat-cause.ts';

/** What drops a message on purpose: a filter, a split of an empty list, a list of sinks of which none takes it, a function. */
export type DropCause = 'filter' | 'split' | 'no-route' | 'function';

const OWN_REASONS: readonly DropCause[] = ['filter', 'split', 'no-route'];

/** The cause of a reason: any reason that is not the runtime's own is that of a function. */
export function dropCauseOf(reason: string): DropCause {
  return OWN_REASONS.find((cause) => cause === reason) ?? 'function';
}

/**
 * How the deliveries of a route ended, in messages. Invariant 3, whenever nothing changes:
 * accepted = delivered + dropped + superseded + expired + deadLettered + blocked + held.
 */
export interface Counters {
  /** Taken over from the source. */
  accepted: number;
  /** Every frame made of it was confirmed by the sink. */
  delivered: number;
  /** Dropped by a stage on purpose, or as a repetition. */
  dropped: number;
  /** Of those dropped on purpose: by what dropped them. Not durable: a redelivered message counts again. */
  readonly droppedBy: Record<DropCause, number>;
  /**
   * Of the messages that a stage has made of one: dropped on purpose while the others went on, or all of them. Their delivery
   * counts by its own end. An attempt that failed counts too.
   */
  readonly partsDroppedBy: Record<DropCause, number>;
  /** Gave way to a newer one of its key. */
  superseded: number;
  /** Past its expiry before it could be sent; recorded as a dead letter, but for telemetry. */
  expired: number;
  deadLettered: number;
  /** Dead letters by the code of their error: also those of expired and blocked messages. */
  readonly letteredBy: Record<string, number>;
  /** Not let through by a label rule. */
  blocked: number;
  /** In the bridge, unsettled. */
  held: number;
  /** Released to the source unprocessed when the runtime stopped; they count as held. */
  released: number;
  /** Of those dropped: sent before, by this process or an earlier one, according to the processed ids or the sink's log. */
  repeated: number;
  /** Of those repeated: by the place that had the id. */
  readonly repeatedBy: Record<RepeatCause, number>;
  /** Messages without a label that got the one that the pipeline file assumes. */
  labelsAssumed: number;
  /** Labels that functions raised, by the classifications before and after. */
  readonly labelsRaised: Map<string, { readonly from: string; readonly to: string; readonly count: number }>;
  /** Messages whose id, made by the route's template, another message had before. */
  idsReused: number;
  /** Frames confirmed by the sink; more than `delivered` where a stage makes several of one. */
  sent: number;
  /** The same for each sink, in the order of the file. */
  readonly sentBy: number[];
  /** Frames that were not sent because the sink's log held them already. They count as sent too. */
  alreadyStored: number;
  /** Attempts beyond the first, of stages and of sends. */
  retries: number;
  /** How often sending stopped and went back to the first unconfirmed frame. */
  rewinds: number;
  /** Confirmations with "already stored" that no earlier send of this route explains. */
  unexplainedDuplicates: number;
}

export function newCounters(): Counters {
  return {
    accepted: 0,
    delivered: 0,
    dropped: 0,
    droppedBy: { filter: 0, split: 0, 'no-route': 0, function: 0 },
    partsDroppedBy: { filter: 0, split: 0, 'no-route': 0, function: 0 },
    superseded: 0,
    expired: 0,
    deadLettered: 0,
    letteredBy: {},
    blocked: 0,
    held: 0,
    released: 0,
    repeated: 0,
    repeatedBy: { remembered: 0, 'sent-again': 0, dedupe: 0, revoked: 0, log: 0 },
    labelsAssumed: 0,
    labelsRaised: new Map(),
    idsReused: 0,
    sent: 0,
    sentBy: [],
    alreadyStored: 0,
    retries: 0,
    rewinds: 0,
    unexplainedDuplicates: 0,
  };
}

/** Zero by invariant 3. */
export function imbalance(c: Counters): number {
  return c.accepted - c.delivered - c.dropped - c.superseded - c.expired - c.deadLettered - c.blocked - c.held;
}
