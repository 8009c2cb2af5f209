import type { Codec } from '#contract/codec.ts';
import type { SluiceError } from '#contract/errors.ts';
import type { ProcessedIds } from '#contract/processed-ids.ts';
import type { Log } from '#contract/log.ts';
import type { EventLoopWatchdog } from '#contract/event-loop-watchdog.ts';
import type { Sink } from '#contract/sink.ts';
import type { Demand, Source } from '#contract/source.ts';
import type { Stage } from '#contract/stage.ts';
import type { CrashSuspects } from '#contract/crash-suspects.ts';
import type { Template } from '#contract/template.ts';
import type { Tracer } from '#contract/trace.ts';
import type { TrafficClass } from '#contract/traffic-class.ts';
import type { Backoff } from '#kit/backoff.ts';
import type { ReusedIds } from '#kit/reused-ids.ts';
import type { TimeUnit } from '#kit/time-unit.ts';
import type { Clock } from './clock.ts';
import type { Counters } from './counters.ts';
import type { SequenceTracker } from './history/sequence-tracker.ts';
import type { RecoveredIds } from './send/recovered-ids.ts';
import type { DeadLetters } from '#contract/dead-letter.ts';

/** One route, ready to run: everything that the engine needs. */
export interface Route {
  readonly pipeline: string;
  readonly name: string;
  readonly trafficClass: TrafficClass;
  readonly source: Source;
  readonly sink: Sink;
  /** A larger body is refused before it is decoded. */
  readonly maxBodyBytes: number;
  /** A message that has passed so many routes is refused. */
  readonly maxHops: number;
  /** Undefined where nothing on the route reads the body: then bytes pass as they are, whatever they hold. */
  readonly decoding: ((contentType: string | undefined) => Codec) | undefined;
  /** Undefined where no stage changes the body: then the bytes of the source are sent unchanged. */
  readonly encoding: ((contentType: string | undefined) => Codec) | undefined;
  /** Whether the pipeline file names the sink's codec. */
  readonly statesContentType: boolean;
  readonly key: Template | undefined;
  /** Whether a message without a key is refused. */
  readonly needsKey: boolean;
  readonly id: Template | undefined;
  readonly address: Template;
  /** Added to the headers of the source frame. */
  readonly headers: ReadonlyMap<string, Template>;
  /** Names of the source's headers that are not carried over. */
  readonly droppedHeaders: readonly string[];
  /** Replaces the content type of message and codec; `none`: no content type. Undefined: not in the file. */
  readonly contentType: Template | 'none' | undefined;
  readonly sequence: Template | undefined;
  readonly timestamp: { readonly of: Template; readonly unit: TimeUnit | undefined } | undefined;
  readonly expiresAfterMs: number | undefined;
  /** Whether a message without a publisher's time is refused. */
  readonly needsPublisherTime: boolean;
  readonly stages: readonly Stage[];
  readonly window: Demand;
  readonly attempts: number;
  readonly backoff: Backoff;
  /** The least time for which a message is tried whose function fails on the network. */
  readonly networkRetryMs: number;
  /** How fast a backlog may be sent, in frames; undefined: as fast as the sink takes it. */
  readonly drainPerSecond: number | undefined;
  /** Ids of processed messages, where the class needs them after a crash. */
  readonly processedIds: ProcessedIds | undefined;
  /** The template of the repeat key, and the keys that were sent. */
  readonly dedupe:
    | { readonly by: Template; readonly comparesContent: boolean; readonly processedIds: ProcessedIds }
    | undefined;
  /** Ids and dedupe values, to notice that another message has the same. */
  readonly reusedIds: ReusedIds;
  readonly sequences: SequenceTracker;
  /** Ids that the sink's log holds; undefined where none can come again. */
  readonly recoveredIds: RecoveredIds | undefined;
  readonly deadLetters: DeadLetters;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly log: Log;
  readonly tracer: Tracer | undefined;
  /** Undefined where nothing reads a body: then no message can end or block the process. */
  readonly suspects: CrashSuspects | undefined;
  readonly eventLoopWatchdog: EventLoopWatchdog | undefined;
  /** Called with the ids of sent and unconfirmed frames each time that sending stops; undefined where no log is read. */
  readonly onUnconfirmed?: ((ids: Iterable<string>) => void) | undefined;
  /** Called with false and the failure when the sink stops confirming; with true when it confirms again. */
  readonly onFlow: (isFlowing: boolean, why?: string) => void;
  /** Called with the failure when dead letters cannot be written; with undefined when they can again. */
  readonly onDeadLetters: (failure: SluiceError | undefined) => void;
}
