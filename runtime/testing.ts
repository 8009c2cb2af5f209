/** What tests of functions and pipelines need: `import { outcome, pipeline, run } from 'sluice/testing'`. */
import { NO_SPAN } from '#contract/no-span.ts';
import type { CrashOptions, CrashReport, PipelineOptions, RehearsedPipeline } from '#contract/rehearsed.ts';
import type { Context, Transform } from '#contract/transform.ts';
import { isEmitted, RESULT } from '#contract/transform.ts';

export type * from '#contract/rehearsed.ts';

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

/**
 * The one body that a function makes of a message: `assert.deepEqual(await run(toCelsius, { f: 212 }), { celsius: 100 })`. Rejects where it
 * drops or rejects the message or emits several, with the reason; `outcome` returns all of that.
 */
export async function run<In, Out>(
  transform: Transform<In, Out>,
  body: In,
  known: Partial<Context> = {},
): Promise<Out> {
  const ended = await outcome(transform, body, known);
  if ('dropped' in ended) throw new Error(`expected one body, found that the message was dropped: ${ended.dropped}`);
  if ('rejected' in ended) throw new Error(`expected one body, found that the message was rejected: ${ended.rejected}`);
  const [only, ...others] = ended.sent;
  if (only === undefined || others.length > 0) {
    throw new Error(`expected one body, found ${ended.sent.length}: outcome() returns all of them`);
  }
  return only;
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

/**
 * Runs a pipeline of the project with the real engine, memory in the place of each bus, and time that stands still until `advance`.
 * `name`: `orders` is `pipelines/orders.yaml` of the current folder; a path ends in `.yaml` or `.yml`. Rejects with the findings where the
 * file is wrong. To be closed: `await using`, or `close()`.
 */
export async function pipeline(name: string, options?: PipelineOptions): Promise<RehearsedPipeline> {
  return (await engine()).openPipeline(name, options);
}

/**
 * Plays a scenario once without a crash, then once for each step of each message: there the process is killed, and started again at once.
 * Rejects with an AssertionError at the first promise of a route's class that does not hold; it names the step, the message and the promise.
 * The scenario gets a new pipeline each time. It sends, and may take sinks down and let time pass; what it leaves unsettled is awaited.
 */
export async function crashEverywhere(
  of: string | Pick<RehearsedPipeline, 'file'>,
  scenario: (pipeline: RehearsedPipeline) => Promise<void> | void,
  options?: CrashOptions,
): Promise<CrashReport> {
  return (await engine()).crashEverywhereOf(of, scenario, options);
}

/** Loaded with the first pipeline: tests of functions do not wait for it. */
function engine() {
  return import('./cli/open-rehearsal.ts');
}
