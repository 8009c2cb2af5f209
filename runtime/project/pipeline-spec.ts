import type { Unspellable } from '#contract/carried-headers.ts';
import type { JsonNumbers } from '#contract/codec.ts';
import type { LetterBounds } from '#contract/dead-letter.ts';
import type { TrafficClass } from '#contract/traffic-class.ts';
import type { Backoff } from '#kit/backoff.ts';
import type { TimeUnit } from '#kit/time-unit.ts';
import type { StageKind } from '#contract/stage-kind.ts';
import type { Reread } from './read/reread.ts';

/** A checked pipeline file as plain data: references resolved, defaults filled in, nothing left to validate. Holds secrets: never log it. */
export interface PipelineSpec {
  readonly name: string;
  readonly connections: ReadonlyMap<string, ConnectionSpec>;
  readonly routes: readonly RouteSpec[];
}

export interface ConnectionSpec {
  readonly name: string;
  /** Kind of bus: a name of the catalog. */
  readonly bus: string;
  /** The driver's own, as its connectionSchema says; durations and sizes are text. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Reads the files that they came from anew; absent where they came from none. */
  readonly reread?: () => Reread;
}

export interface RouteSpec {
  readonly name: string;
  readonly class: TrafficClass;
  readonly from: SourceSpec;
  readonly stages: readonly StageSpec[];
  readonly to: SinkSpec;
  readonly json: JsonSpec;
  readonly retry: RetrySpec;
  readonly deadLetter: DeadLetterSpec;
  /** How fast a backlog may be sent, in messages; undefined: as fast as the sink takes it. */
  readonly drainPerSecond: number | undefined;
  /** Undefined: the source keeps what is not sent. */
  readonly spool: SpoolSpec | undefined;
  /** How long deliveries may be held and none end before the route counts as stalled. */
  readonly watchdogMs: number;
}

export interface DeadLetterSpec {
  /** Of the local store. It is there for every route: a bus may refuse a letter for good. */
  readonly bounds: LetterBounds;
  /** The bus that they go to instead; undefined for the local store. */
  readonly to: LetterSinkSpec | undefined;
}

export interface LetterSinkSpec {
  readonly connection: string;
  readonly bus: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Template of the address. */
  readonly address: string;
}

export interface SpoolSpec {
  readonly maxBytes: number;
  /** A folder; undefined: the state folder. */
  readonly at: string | undefined;
}

/** How the json codec of a route reads and writes. */
export interface JsonSpec {
  /** Undefined where the file says nothing: reject, but on a route that changes no body. */
  readonly numbers: JsonNumbers | undefined;
}

export interface RetrySpec {
  /** Tries before the dead letter, the first included. */
  readonly attempts: number;
  readonly backoff: Backoff;
  /** Tries go on for so long at the least where a function does not reach something over the network. */
  readonly networkMs: number;
}

interface EndSpec {
  /** Name of a connection of this pipeline. */
  readonly connection: string;
  readonly bus: string;
  /** The driver's own, as its sourceSchema or sinkSchema says. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What the file says that the server keeps; undefined: what the driver knows. */
  readonly grade: string | undefined;
  /** Undefined: by content type, else json. */
  readonly codec: string | undefined;
}

export interface SourceSpec extends EndSpec {
  /** Templates; see compileTemplate. */
  readonly key: string | undefined;
  readonly id: string | undefined;
  readonly sequence: string | undefined;
  readonly timestamp: TimestampSpec | undefined;
  readonly expiresMs: number | undefined;
  /** Whether only the publisher's time counts for it: a message without one is not sent. */
  readonly expiresOfPublisher: boolean;
  readonly dedupe: DedupeSpec | undefined;
  /** Undefined: DEFAULTS.maxBody where anything looks at the body, else none. */
  readonly maxBodyBytes: number | undefined;
  /** What has passed so many routes is refused. */
  readonly maxHops: number;
  readonly window: { readonly messages: number; readonly bytes: number };
}

export interface TimestampSpec {
  /** Template. */
  readonly of: string;
  /** Of its numbers; undefined where the file states none: milliseconds, and only plausible ones. */
  readonly unit: TimeUnit | undefined;
}

export interface DedupeSpec {
  /** Template of what repetitions have in common. */
  readonly by: string;
  /** `by`: whatever else they hold. */
  readonly compare: 'content' | 'by';
  readonly windowMs: number;
  /** How many are remembered. */
  readonly max: number;
}

/** What becomes of headers on the way out. */
export interface HeadersSpec {
  /** Names to templates. */
  readonly set: ReadonlyMap<string, string>;
  /** Of the message, not carried on. */
  readonly drop: readonly string[];
  readonly unspellable: Unspellable;
}

export interface SinkSpec extends EndSpec {
  /** Template of the address: the sink option that the driver names so. */
  readonly address: string;
  readonly headers: HeadersSpec;
}

export interface StageSpec {
  readonly verb: string;
  readonly kind: StageKind;
  /** The function or schema; of a kind that names no file, the position in the route, from 1. */
  readonly name: string;
  /** The value behind the verb. */
  readonly value: unknown;
  /** The keys beside the verb, defaults filled in; durations are text. */
  readonly options: Readonly<Record<string, unknown>>;
  /** `pipelines/x.yaml:12:5` */
  readonly place: string;
}
