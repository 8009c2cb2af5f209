import type { Span } from '@opentelemetry/api';
import type { FunctionLog } from './function-log.ts';

/** The data of the message, beside its body, that an integrator's function gets. */
export interface Context {
  /** Stable over redeliveries and restarts. */
  readonly id: string;
  /** The topic, subject or queue that it was read from. */
  readonly address: string;
  readonly key: string | undefined;
  /**
   * The classification label of the message, in its wire form. The runtime carries it to the sink; a function raises it by
   * `raise` and never lowers it.
   */
  readonly label: string | undefined;
  readonly route: string;
  readonly pipeline: string;
  /** 1 at first; each retry adds 1. */
  readonly attempt: number;
  /** The `with:` of the stage in the pipeline file. */
  readonly options: Readonly<Record<string, unknown>>;
  /**
   * Joins another label to that of all results of this call: complete (`1;p=urn:demo:ops;c=S`), or without the policy, which is the
   * pipeline file's (`S;REL=USA`). `label` stays as it was. What is no label of the policy blocks the message; so does any label
   * where the file names no policy. No effect once the call has ended.
   */
  raise(label: string): void;
  /**
   * The span of this call. It records nothing where the message is not traced (`isRecording()`), or the call has ended. While the
   * function runs it is the active span, so that spans of libraries are its children; not with `isolate: worker`.
   */
  readonly span: Span;
  /** Writes to the log of the process. */
  readonly log: FunctionLog;
  /** Aborts when the function's deadline has passed. */
  readonly signal: AbortSignal;
}

/** Marks an emitted result. A registered symbol, so that a function bundled with a copy of this file works too. */
export const RESULT: unique symbol = Symbol.for('sluice.result');

/** The result of a function that is not one body: several bodies, a drop or a rejection. */
export type Emitted<Body> =
  | { readonly [RESULT]: 'emit'; readonly bodies: readonly Body[] }
  | { readonly [RESULT]: 'drop'; readonly reason: string }
  | { readonly [RESULT]: 'reject'; readonly reason: string };

/** One message becomes these bodies, in this order. To end a message use `drop`, not an empty list. */
export function emit<Body>(...bodies: readonly Body[]): Emitted<Body> {
  return { [RESULT]: 'emit', bodies };
}

/** Ends the message on purpose. It is counted with the reason and accepted at the source. */
export function drop(reason: string): Emitted<never> {
  return { [RESULT]: 'drop', reason };
}

/** No retry can help: the message becomes a dead letter with this reason. */
export function reject(reason: string): Emitted<never> {
  return { [RESULT]: 'reject', reason };
}

export function isEmitted(value: unknown): value is Emitted<unknown> {
  return typeof value === 'object' && value !== null && RESULT in value;
}

/**
 * The result type of a function that declares none: everything that a codec can write, but no `undefined` (a forgotten
 * `return`) and no bare `bigint`. A body of type `unknown` may be returned unchanged.
 */
type Result<In> = 0 extends 1 & In ? Sendable : unknown extends In ? unknown : Sendable;
/** Excludes promises and the results of `emit`, which are objects too and have their own place in the result. */
type Sendable = string | number | boolean | null | (object & { readonly then?: never; readonly [RESULT]?: never });

/**
 * An integrator's function: body in, body out. Throw to have the message tried again; return `reject(reason)` when no
 * retry can help. Called concurrently for messages of different keys, in order within one. `undefined` is no result:
 * a forgotten `return` would acknowledge and lose data, so it rejects the message and says so.
 */
export type Transform<In = unknown, Out = Result<In>> = (
  body: In,
  context: Context,
) => Out | Emitted<Out> | Promise<Out | Emitted<Out>>;
