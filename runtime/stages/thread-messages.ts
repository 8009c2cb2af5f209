import type { FunctionLogFields } from '#contract/function-log.ts';
import type { LogLevel } from '#contract/log.ts';

/** The settings of a thread, sent once at its start. */
export interface FunctionThreadSettings {
  /** Of the module that exports `functions`. */
  readonly url: string;
  readonly name: string;
  readonly route: string;
  readonly pipeline: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** One message for the function in the thread. */
export interface Call {
  readonly body: unknown;
  readonly id: string;
  readonly address: string;
  readonly key: string | undefined;
  readonly label: string | undefined;
  readonly attempt: number;
  /** Of the span of the call; undefined where the message is not traced. */
  readonly span: CallSpan | undefined;
}

export interface CallSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

/** What a function writes during its call, in order, before the answer. */
export type Note =
  | {
      readonly kind: 'log';
      readonly level: LogLevel;
      readonly text: string;
      readonly fields: FunctionLogFields | undefined;
    }
  /** A call of a method of the span. */
  | { readonly kind: 'span'; readonly method: NotedMethod; readonly values: readonly unknown[] };

/** The methods of a span that a thread passes on. */
export type NotedMethod =
  | 'setAttribute'
  | 'setAttributes'
  | 'addEvent'
  | 'setStatus'
  | 'updateName'
  | 'recordException';

/** A value that was thrown in a thread, in a form that can be transferred. */
export interface Thrown {
  /** False for a value that is no Error: `value` then holds it, if it can be transferred. */
  readonly isError: boolean;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** The error codes of it, of its causes, and of the errors in an AggregateError. */
  readonly codes: readonly string[];
  readonly value: unknown;
}

/** A thread's message; `raised`: the labels that the function raised its results by: `ready` or `broken` once, then one answer for each call, in order. */
export type ThreadAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'broken'; readonly thrown: Thrown }
  | { readonly kind: 'returned'; readonly body: unknown; readonly raised: readonly unknown[] }
  | { readonly kind: 'emitted'; readonly bodies: readonly unknown[]; readonly raised: readonly unknown[] }
  | { readonly kind: 'dropped' | 'rejected'; readonly reason: string; readonly raised: readonly unknown[] }
  | { readonly kind: 'threw'; readonly thrown: Thrown; readonly raised: readonly unknown[] }
  | { readonly kind: 'uncloneable'; readonly text: string };

export function isNote(message: Note | ThreadAnswer): message is Note {
  return message.kind === 'log' || message.kind === 'span';
}
