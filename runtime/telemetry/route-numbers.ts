import type { LetterCounts } from '#contract/dead-letter.ts';
import type { SourceLag } from '#contract/source-lag.ts';
import type { SettledOutcome } from '#contract/trace.ts';
import type { HistogramView } from '#kit/histogram.ts';

export const ENDS = ['source', 'sink', 'dead-letters'] as const;
type End = (typeof ENDS)[number];

/** How often each end's connection ended: by itself, or given up by its driver although it was open. */
export type Disconnects = Record<End, { lost: number; renewed: number }>;
/** Notices of each end, by code. */
export type Notices = Readonly<Record<End, ReadonlyMap<string, number>>>;

/** The source's losses under one code: how often with a number and without one, and the sum of the numbers. */
export interface Losses {
  readonly known: number;
  readonly unknown: number;
  readonly messages: number;
}

/** A route's numbers at this moment. */
export interface RouteNumbers {
  readonly pipeline: string;
  readonly route: string;
  readonly accepted: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly superseded: number;
  readonly expired: number;
  readonly deadLettered: number;
  readonly blocked: number;
  readonly held: number;
  readonly repeated: number;
  readonly droppedBy: Readonly<Record<string, number>>;
  readonly partsDroppedBy: Readonly<Record<string, number>>;
  readonly repeatedBy: Readonly<Record<string, number>>;
  readonly labelsAssumed: number;
  /** Messages whose trace context was invalid or repeated, and so counted as none. Absent where tracing is off. */
  readonly traceContextsRejected?: number;
  /** Labels that functions raised, by the classifications before and after. */
  readonly labelsRaised: ReadonlyMap<string, { readonly from: string; readonly to: string; readonly count: number }>;
  readonly idsReused: number;
  readonly sent: number;
  /** Of each sink. */
  readonly sentBy: readonly number[];
  readonly alreadyStored: number;
  readonly retries: number;
  readonly rewinds: number;
  readonly unexplainedDuplicates: number;
  readonly disconnects: Disconnects;
  readonly notices: Notices;
  /** By code. */
  readonly losses: ReadonlyMap<string, Losses>;
  /** Of the local store. */
  readonly deadLetters: LetterCounts;
  /** Of a route with a spool: its content, and the age of its oldest message. */
  readonly spooled?: number;
  readonly spoolBytes?: number;
  readonly spoolOldestAgeMs?: number;
  readonly spoolIsFull?: boolean;
  /** Dead letters written since the start, by error code: also those of expired and blocked messages. */
  readonly letteredBy: Readonly<Record<string, number>>;
  readonly window: WindowFill;
  /** Absent where the route only replays dead letters. */
  readonly source?: SourceState;
  /** In the order of the file. */
  readonly sinks: readonly SinkState[];
  /** Absent where nothing reads them: they are measured only for an admin server or an exporter. */
  readonly times?: RouteTimes;
}

/** How full the window of a route is (invariant 4). */
export interface WindowFill {
  readonly messages: number;
  /** The window at this moment: it adapts below `mostMessages`. */
  readonly messageLimit: number;
  /** The bound of the pipeline file. */
  readonly mostMessages: number;
  readonly bytes: number;
  readonly byteLimit: number;
  /** How long ago the oldest unsettled message came to the bridge; undefined where there is none. With a spool, also of those in it. */
  readonly oldestAgeMs: number | undefined;
  /** Backpressure: the window is full, and nothing is read. */
  readonly isPaused: boolean;
  readonly pauses: number;
  /** With the pause of this moment. */
  readonly pausedMs: number;
}

/** Of a route that does not run yet. */
export function emptyWindow({ messages, bytes }: { readonly messages: number; readonly bytes: number }): WindowFill {
  return {
    messages: 0,
    messageLimit: messages,
    mostMessages: messages,
    bytes: 0,
    byteLimit: bytes,
    oldestAgeMs: undefined,
    isPaused: false,
    pauses: 0,
    pausedMs: 0,
  };
}

/** One connection of a route. */
export interface EndState {
  /** The connection of the pipeline file. */
  readonly name: string;
  /** The kind of the bus: `mqtt`, `jetstream`. */
  readonly bus: string;
  /** How OpenTelemetry's conventions name the bus, and what sends there: `kafka`, `send`. */
  readonly system: string;
  readonly send: string;
  readonly isConnected: boolean;
  /** Why it does not deliver although it is connected: a missing queue. Undefined where it does. */
  readonly suspended: string | undefined;
  /** Connections after the first one. */
  readonly reconnects: number;
}

export interface SourceState extends EndState {
  /** By the bus's own count, a few seconds old. Empty where the bus has none, and where nothing reads it. */
  readonly lag: readonly SourceLag[];
}

export interface SinkState extends EndState {
  /** Frames that it confirmed. */
  readonly sent: number;
}

/** Where the time of messages goes, in seconds. */
export interface RouteTimes {
  /** From the time that the source states to the confirmation by every sink; messages without a stated time are absent. */
  readonly latency: HistogramView;
  /** From the arrival in the bridge to the confirmation, or to the end of one that is not delivered. Outcomes that occurred. */
  readonly ended: Readonly<Partial<Record<SettledOutcome, HistogramView>>>;
  /** In the order of the file. */
  readonly stages: readonly StageTimes[];
  /** From each hand-over to a sink to its confirmation, in the order of the file. */
  readonly confirmed: readonly HistogramView[];
  /** From the confirmation until the end was durable, of messages whose end is written to disk first. */
  readonly settled: HistogramView;
}

export interface StageTimes {
  readonly name: string;
  readonly duration: HistogramView;
  /** Messages that it was given, attempts included, and that it made. */
  readonly in: number;
  readonly out: number;
}
