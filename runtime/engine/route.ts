import type { Codec } from '#contract/codec.ts';
import type { SluiceError } from '#contract/errors.ts';
import type { Frame, Headers } from '#contract/frame.ts';
import type { ProcessedIds } from '#contract/processed-ids.ts';
import type { Log } from '#contract/log.ts';
import type { EventLoopWatchdog } from '#contract/event-loop-watchdog.ts';
import type { Sink } from '#contract/sink.ts';
import type { Demand, Source } from '#contract/source.ts';
import type { Stage } from '#contract/stage.ts';
import type { CrashSuspects } from '#contract/crash-suspects.ts';
import type { Tracer } from '#contract/trace.ts';
import type { TrafficClass } from '#contract/traffic-class.ts';
import type { Backoff } from '#kit/backoff.ts';
import type { ReusedIds } from '#kit/reused-ids.ts';
import type { TimeUnit } from '#kit/time-unit.ts';
import type { Clock } from './clock.ts';
import type { Counters } from './counters.ts';
import type { SequenceTracker } from './sequence-tracker.ts';
import type { RecoveredIds } from './recovered-ids.ts';
import type { DeadLetters } from '#contract/dead-letter.ts';

/** What a template may read; a Message is one. `address` is the source's, and so are `headers`. */
export interface View {
  readonly id: string;
  readonly address: string;
  readonly key: string | undefined;
  readonly headers: Headers;
  readonly body: unknown;
  /** The frame that it came in: what of its headers stands in fields. */
  readonly origin: Pick<Frame, 'id' | 'contentType' | 'expiresAtMs'>;
}

/** A compiled template. Throws a SluiceError when the message lacks a value. */
export type Fill = (view: View) => string;

/** One route, ready to run: what the walk and the pump need, and nothing of where it came from. */
export interface Route {
  readonly pipeline: string;
  readonly name: string;
  readonly trafficClass: TrafficClass;
  readonly source: Source;
  readonly sink: Sink;
  /** A larger body is refused before it is decoded. */
  readonly maxBodyBytes: number;
  /** What has passed so many routes is refused. */
  readonly maxHops: number;
  /** Undefined where nothing on the route looks at the body: then bytes pass as they are, whatever they hold. */
  readonly decoding: ((contentType: string | undefined) => Codec) | undefined;
  /** Undefined where no stage changes the body: then the source's own bytes go out, equal to the last digit. */
  readonly encoding: ((contentType: string | undefined) => Codec) | undefined;
  /** Whether the pipeline file names the sink's codec. */
  readonly statesContentType: boolean;
  readonly key: Fill | undefined;
  /** Whether a message without a key is refused. */
  readonly needsKey: boolean;
  readonly id: Fill | undefined;
  readonly address: Fill;
  /** Added to what the source frame carried. */
  readonly headers: ReadonlyMap<string, Fill>;
  /** Of the message, by name, not carried on. */
  readonly droppedHeaders: readonly string[];
  /** In place of the message's own content type and the codec's; `none`: it leaves without one. Undefined: the file says nothing. */
  readonly contentType: Fill | 'none' | undefined;
  readonly sequence: Fill | undefined;
  readonly timestamp: { readonly of: Fill; readonly unit: TimeUnit | undefined } | undefined;
  readonly expiresAfterMs: number | undefined;
  /** Whether a message without a time of its publisher is refused. */
  readonly needsPublisherTime: boolean;
  readonly stages: readonly Stage[];
  readonly window: Demand;
  readonly attempts: number;
  readonly backoff: Backoff;
  /** How long a message is tried at the least whose function does not reach something over the network. */
  readonly networkRetryMs: number;
  /** How fast a backlog may be sent, in frames; undefined: as fast as the sink takes it. */
  readonly drainPerSecond: number | undefined;
  /** Ids that were delivered, where the class must know them after a crash. */
  readonly processedIds: ProcessedIds | undefined;
  /** What repetitions by the publisher have in common, and those that were seen. */
  readonly dedupe:
    | { readonly by: Fill; readonly comparesContent: boolean; readonly processedIds: ProcessedIds }
    | undefined;
  /** Ids and values of dedupe, to notice that another message wears one. */
  readonly reusedIds: ReusedIds;
  readonly sequences: SequenceTracker;
  /** What the sink's log says that an earlier process has sent; undefined where there is nothing to know. */
  readonly recoveredIds: RecoveredIds | undefined;
  readonly deadLetters: DeadLetters;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly log: Log;
  readonly tracer: Tracer | undefined;
  /** Undefined where nothing looks at a body: then no message can end the process or keep it from going on. */
  readonly suspects: CrashSuspects | undefined;
  readonly eventLoopWatchdog: EventLoopWatchdog | undefined;
  /** Hears ids of what was sent and not confirmed, each time that sending stops; undefined where nobody asks. */
  readonly onUnconfirmed?: ((ids: Iterable<string>) => void) | undefined;
  /** False when the sink ceases to confirm, with the failure in words; true when it confirms again. */
  readonly onFlow: (isFlowing: boolean, why?: string) => void;
  /** Why dead letters cannot be written; undefined once they can again. */
  readonly onLetters: (trouble: SluiceError | undefined) => void;
}
