import type { SourceLag } from '#contract/source-lag.ts';

/** `down`: a part of it does not work. `degraded`: it works, and something deserves a look. */
export type StateWord = 'ok' | 'degraded' | 'down';

/**
 * What GET /status answers (docs/operator.md). A later version adds fields; one that changes the meaning of a field, or removes it,
 * has another number. Times are RFC 3339; a value that is not known is absent.
 */
export interface Status {
  readonly version: 1;
  readonly at: string;
  readonly pipeline: string;
  readonly startedAt: string;
  /** The worst of its routes and parts. */
  readonly state: StateWord;
  readonly why: readonly string[];
  readonly isReady: boolean;
  readonly isStopping: boolean;
  /** As /readyz counts them. */
  readonly parts: readonly PartStatus[];
  readonly routes: readonly RouteStatus[];
  /** The newest first. */
  readonly errors: readonly ErrorStatus[];
}

export interface PartStatus {
  readonly name: string;
  readonly isUp: boolean;
  readonly why?: string;
  readonly remedy?: string;
  readonly since: string;
  readonly forSeconds: number;
}

export interface RouteStatus {
  readonly name: string;
  readonly class: string;
  readonly state: StateWord;
  readonly why: readonly string[];
  readonly source: EndStatus & {
    /** Part by part, as the bus counts it; absent where the bus counts nothing. */
    readonly lag?: readonly SourceLag[];
    readonly lagMessages?: number;
    /** Age of the oldest message that is not settled. */
    readonly lagSeconds?: number;
  };
  /** In order. */
  readonly stages: readonly StageStatus[];
  readonly sinks: readonly SinkStatus[];
  /** Absent until the route runs. Since the start: accepted is the sum of all ends and of those held. */
  readonly counts?: RouteCounts;
  /** A second, over the last seconds. */
  readonly rates: RouteRates;
  readonly window?: WindowStatus;
  /** Age of the oldest message in the bridge. */
  readonly oldestSeconds?: number;
  /** From the time that the source states to the confirmation by the sinks, over the last minute. */
  readonly latency?: LatencyStatus;
  readonly spool?: SpoolStatus;
  readonly deadLetters?: LetterStatus;
  readonly history: RouteHistory;
}

export interface EndStatus {
  /** Of the pipeline file. */
  readonly connection: string;
  readonly bus: string;
  readonly address: string;
  readonly isConnected: boolean;
  /** Why nothing passes although it is connected. */
  readonly suspended?: string;
  readonly reconnects: number;
}

export interface SinkStatus extends EndStatus {
  /** Frames that it confirmed. */
  readonly sent: number;
  /** A second. */
  readonly rate: number;
  readonly confirmP99Seconds?: number;
}

export interface StageStatus {
  readonly name: string;
  readonly in: number;
  readonly out: number;
  /** A second. */
  readonly rate: number;
  readonly p99Seconds?: number;
}

export interface RouteCounts {
  readonly accepted: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly superseded: number;
  readonly expired: number;
  readonly deadLettered: number;
  readonly blocked: number;
  readonly held: number;
  /** Of those dropped: sent before. */
  readonly repeated: number;
  readonly retries: number;
}

export interface RouteRates {
  readonly overSeconds: number;
  readonly accepted: number;
  readonly delivered: number;
  readonly retries: number;
}

export interface WindowStatus {
  readonly messages: number;
  /** At this moment: it adapts below `mostMessages`, the bound of the pipeline file. */
  readonly messageLimit: number;
  readonly mostMessages: number;
  readonly bytes: number;
  readonly byteLimit: number;
  /** Backpressure: it is full, and nothing is read. */
  readonly isPaused: boolean;
}

export interface LatencyStatus {
  readonly p50Seconds: number;
  readonly p99Seconds: number;
  readonly messages: number;
  readonly overSeconds: number;
}

export interface SpoolStatus {
  readonly messages: number;
  readonly bytes: number;
  readonly oldestSeconds: number;
  readonly isFull: boolean;
}

export interface LetterStatus {
  /** In the local store. */
  readonly stored: number;
  readonly bytes: number;
  readonly oldestAt?: string;
  /** Written since the start, by error code. */
  readonly byCode: Readonly<Record<string, number>>;
}

/** At most ten minutes, the oldest first. All lists have one length. */
export interface RouteHistory {
  readonly stepSeconds: number;
  /** A second. */
  readonly accepted: readonly number[];
  readonly delivered: readonly number[];
  readonly held: readonly number[];
  /** In the step. */
  readonly deadLettered: readonly number[];
}

export interface ErrorStatus {
  readonly at: string;
  /** Of the first one of its kind. */
  readonly firstAt: string;
  readonly count: number;
  readonly route?: string;
  /** Of the log line: `dead-letter`, `bus-problem`. */
  readonly event: string;
  readonly code?: string;
  readonly text: string;
  readonly remedy?: string;
  readonly traceId?: string;
}
