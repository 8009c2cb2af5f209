import type { BusSpans, SpanAttributes } from '#contract/bus-spans.ts';

/** What the spans of a route say of one of its sinks. */
export interface TracedSink {
  readonly system: string;
  /** `messaging.operation.name` of a send. */
  readonly send: string;
  /** The name of its connection in the pipeline file. */
  readonly name: string;
  /** Its address as the pipeline file states it: `out.{key}`. */
  readonly template: string;
  /** Of a send. */
  readonly spanName: string;
}

/**
 * What the trace context of a message is worth: `trust` continues its trace, `link` begins a trace of its own that is linked to it,
 * `ignore` begins one of its own.
 */
export type ContextTrust = 'trust' | 'link' | 'ignore';

/** What the spans of a route say of it. */
export interface TracedRoute {
  readonly pipeline: string;
  readonly route: string;
  readonly trust: ContextTrust;
  /** Whether spans hold the keys of messages: they may be confidential. */
  readonly showsKeys: boolean;
  /** Whether the ids that messages go out under hold nothing of their bodies and headers. */
  readonly hasPlainIds: boolean;
  readonly source: Pick<BusSpans, 'system' | 'settle'> & {
    readonly coordinates: BusSpans['coordinates'];
    /** The name of its connection in the pipeline file. */
    readonly name: string;
    readonly group: string | undefined;
    /** The filter, queue or stream of the pipeline file by which a message of this address came. */
    readonly templateOf: (address: string) => string;
  };
  readonly sinks: readonly TracedSink[];
}

/** Attributes that are built up before a span has them. */
export type Attributes = Record<string, SpanAttributes[string]>;
