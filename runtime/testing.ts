/** What tests of functions need: `import { outcome } from 'sluice/testing'`. */
import { NO_SPAN } from '#contract/no-span.ts';
import type { Context, Transform } from '#contract/transform.ts';
import { isEmitted, RESULT } from '#contract/transform.ts';

/** What becomes of a message: bodies that go on, in order, or why none does. */
export type Outcome<Body> =
  | { readonly sent: readonly Body[] }
  | { readonly dropped: string }
  | { readonly rejected: string };

/**
 * Calls a function as the bridge does and says what becomes of the message. `known`: what of the context matters to it; the rest
 * is made up. Rejects with what the function throws, which the bridge would try again, and where it returns nothing.
 */
export async function outcome<In, Out>(
  transform: Transform<In, Out>,
  body: In,
  known: Partial<Context> = {},
): Promise<Outcome<Out>> {
  const returned = await transform(body, contextOf(known));
  if (returned === undefined) throw new TypeError('expected the function to return a body, found undefined');
  if (!isEmitted(returned)) return { sent: [returned] };
  if (returned[RESULT] === 'drop') return { dropped: returned.reason };
  return returned[RESULT] === 'reject' ? { rejected: returned.reason } : { sent: returned.bodies };
}

/** A context with these values; its signal never aborts, its span records nothing, and its log writes nothing. */
export function contextOf(known: Partial<Context> = {}): Context {
  return {
    id: 'id-1',
    address: 'address',
    key: undefined,
    label: undefined,
    route: 'route',
    pipeline: 'pipeline',
    attempt: 1,
    options: {},
    raise() {},
    span: NO_SPAN,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    signal: new AbortController().signal,
    ...known,
  };
}
