import type { Codec } from '#contract/codec.ts';
import type { CrashSuspects } from '#contract/crash-suspects.ts';
import type { DeadLetters } from '#contract/dead-letter.ts';
import type { SluiceError } from '#contract/errors.ts';
import type { EventLoopWatchdog } from '#contract/event-loop-watchdog.ts';
import type { Ceiling, LabelRules } from '#contract/label-rules.ts';
import type { Log } from '#contract/log.ts';
import type { Message } from '#contract/message.ts';
import type { ProcessedIds } from '#contract/processed-ids.ts';
import type { Sink } from '#contract/sink.ts';
import type { Source, WindowBounds } from '#contract/source.ts';
import type { Stage } from '#contract/stage.ts';
import type { Template } from '#contract/template.ts';
import type { Tracer } from '#contract/trace.ts';
import type { TrafficClass } from '#contract/traffic-class.ts';
import type { Backoff } from '#kit/backoff.ts';
import type { TimeUnit } from '#kit/time-unit.ts';
import type { Clock } from './clock.ts';
import type { Counters } from './counters.ts';
import type { Meters } from './meters.ts';
import type { LogRecovery } from './send/log-recovery.ts';

/** One route, ready to run: everything that the engine needs. */
export interface Route {
  readonly ends: Ends;
  readonly policy: Policy;
  readonly stores: Stores;
  readonly observers: Observers;
}

export interface Ends {
  readonly source: Source;
  /** At least one. A message goes to each of them that takes it, and its delivery is settled once all of these have it. */
  readonly sinks: readonly SinkEnd[];
}

/** A sink, and how a message is written for it. */
export interface SinkEnd {
  readonly sink: Sink;
  /** What its log holds already; undefined where it is no log. */
  readonly log: LogRecovery | undefined;
  /** Undefined where no stage changes the body: then the bytes of the source are sent unchanged. */
  readonly encoding: ((contentType: string | undefined) => Codec) | undefined;
  /** Whether the pipeline file names the sink's codec. */
  readonly statesContentType: boolean;
  readonly address: Template;
  /** Whether a message goes to this sink. Undefined: every one does. Throws a SluiceError that refuses the message. */
  readonly takes: ((message: Message) => boolean) | undefined;
  /** Behind each id: two sinks may be one stream, which would remove the frame of the second. Undefined for the first. */
  readonly idEnding: string | undefined;
  /** Whether a guard is on the route: then nothing is sent but what it made. */
  readonly isSealed: boolean;
  /** Added to the headers of the source frame. */
  readonly headers: ReadonlyMap<string, Template>;
  /** Names of the source's headers that are not carried over. */
  readonly droppedHeaders: readonly string[];
  /** What it may hold; undefined where the file names no label policy. */
  readonly ceiling: Ceiling | undefined;
  /** Replaces the content type of message and codec; `none`: no content type. Undefined: not in the file. */
  readonly contentType: Template | 'none' | undefined;
}

/** What the pipeline file says of the route. */
export interface Policy {
  readonly pipeline: string;
  readonly name: string;
  readonly trafficClass: TrafficClass;
  /** Whether an expired message is only counted, also where its class makes it a dead letter. Absent: as the class says. */
  readonly countsExpired?: boolean | undefined;
  /** Bounds the unsettled deliveries. */
  readonly window: WindowBounds;
  /** A larger body is refused before it is decoded. */
  readonly maxBodyBytes: number;
  /** A message that has passed so many routes is refused. */
  readonly maxHops: number;
  /** Undefined where nothing on the route reads the body: then bytes pass as they are, whatever they hold. */
  readonly decoding: ((contentType: string | undefined) => Codec) | undefined;
  /** Undefined where the file names no label policy: then labels are carried and not judged. */
  readonly labels: LabelRules | undefined;
  readonly key: Template | undefined;
  /** Whether a message without a key is refused. */
  readonly needsKey: boolean;
  readonly id: Template | undefined;
  readonly sequence: Template | undefined;
  readonly timestamp: { readonly of: Template; readonly unit: TimeUnit | undefined } | undefined;
  readonly expiresAfterMs: number | undefined;
  /** Whether a message without a publisher's time is refused. */
  readonly needsPublisherTime: boolean;
  /** The template of the repeat key. */
  readonly dedupe: { readonly by: Template; readonly comparesContent: boolean } | undefined;
  readonly stages: readonly Stage[];
  readonly attempts: number;
  readonly backoff: Backoff;
  /** The least time for which a message is tried whose function fails on the network. */
  readonly networkRetryMs: number;
  /** How fast a backlog may be sent, in frames; undefined: as fast as the sink takes it. */
  readonly drainPerSecond: number | undefined;
}

/** What outlives the process. */
export interface Stores {
  /** Ids of processed messages, where the class needs them after a crash. */
  readonly processedIds: ProcessedIds | undefined;
  /** The repeat keys that were sent, where the route has `dedupe`. */
  readonly repeatKeys: ProcessedIds | undefined;
  readonly deadLetters: DeadLetters;
  /** Undefined where nothing reads a body: then no message can end or block the process. */
  readonly suspects: CrashSuspects | undefined;
}

/** What sees the route at work. The clock is one of them: each stamps its own time. */
export interface Observers {
  readonly clock: Clock;
  readonly counters: Counters;
  /** Absent where nothing reads them. */
  readonly meters?: Meters | undefined;
  readonly log: Log;
  readonly tracer: Tracer | undefined;
  readonly eventLoopWatchdog: EventLoopWatchdog | undefined;
  /** Called with false and the failure when a sink stops confirming; with true when it confirms again. */
  readonly onFlow: (isFlowing: boolean, why?: string) => void;
  /** Called with the failure when dead letters cannot be written; with undefined when they can again. */
  readonly onDeadLetters: (failure: SluiceError | undefined) => void;
}
