/** What an integrator's function may know of the message beside its body. */
export interface Context {
  /** Stable over redeliveries and restarts. */
  readonly id: string;
  /** Topic, subject or queue it was read from. */
  readonly address: string;
  readonly key: string | undefined;
  /** The classification label as the source carried it. Read only: it follows the message by itself. */
  readonly label: string | undefined;
  readonly route: string;
  readonly pipeline: string;
  /** 1 at the first try, counted up with each retry. */
  readonly attempt: number;
  /** The `with:` of the stage in the pipeline file. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Aborts when the function's deadline has passed. */
  readonly signal: AbortSignal;
}

/** Marks an emitted result. Registered, so that a function bundled with a copy of this file is understood too. */
export const RESULT: unique symbol = Symbol.for('sluice.result');

/** Several bodies, nothing on purpose, or a refusal: what a function returns when one body will not do. */
export type Emitted<Body> =
  | { readonly [RESULT]: 'emit'; readonly bodies: readonly Body[] }
  | { readonly [RESULT]: 'drop'; readonly reason: string }
  | { readonly [RESULT]: 'reject'; readonly reason: string };

/** One message becomes these, in this order; none of them is a way to end it: say `drop`. */
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
 * What a function whose results are not declared may return: whatever a codec writes, but no `undefined`, which is a forgotten
 * `return`, and no bare `bigint`. Where the body is `unknown` it may be passed on as it came.
 */
type Result<In> = 0 extends 1 & In ? Sendable : unknown extends In ? unknown : Sendable;
/** A promise and what `emit` returns are objects too, and have a place of their own in the result. */
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
