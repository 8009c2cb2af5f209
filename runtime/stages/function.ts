import { asSluiceError, SluiceError } from '#contract/errors.ts';
import type { LabelRules } from '#contract/label-rules.ts';
import type { Message } from '#contract/message.ts';
import type { Stage, StageResult } from '#contract/stage.ts';
import type { Log } from '#contract/log.ts';
import type { StageTrace } from '#contract/trace.ts';
import type { Transform } from '#contract/transform.ts';
import { after } from '#kit/timer.ts';
import { CallContext } from './call-context.ts';
import { late, threw, toResult } from './function-result.ts';
import { failureOf, raisedMessage } from './raised-label.ts';
import type { ThrownPlace } from '#contract/stage-kind.ts';

export interface FunctionStage {
  /** Its name in the pipeline file. */
  readonly name: string;
  readonly transform: Transform;
  readonly options: Readonly<Record<string, unknown>>;
  /** From the call until its promise settles. A function that never yields cannot be stopped by it. */
  readonly timeoutMs: number;
  readonly pipeline: string;
  readonly route: string;
  readonly labels: LabelRules | undefined;
  readonly log: Log;
  explain(thrown: unknown): ThrownPlace;
}

/** Hosts an integrator's function: a plain body in, a plain body out; the envelope never passes through it. */
export function functionStage(settings: FunctionStage): Stage {
  const { transform, timeoutMs } = settings;
  const name = `function ${settings.name}`;
  return {
    name,
    run(message, attempt, trace) {
      const context = new CallContext(settings, message, attempt, trace);
      let returned: unknown;
      try {
        returned = called(transform, message, context, trace);
      } catch (thrown) {
        throw raisedFailure(settings, message, context, threw(settings.name, thrown, settings.explain(thrown)));
      }
      if (!isPromiseLike(returned)) return resultOf(settings, message, context, returned);
      return settled(settings, message, context, returned, timeoutMs);
    },
  };
}

function called(transform: Transform, { body }: Message, context: CallContext, trace: StageTrace | undefined): unknown {
  return trace === undefined ? transform(body, context) : trace.within(() => transform(body, context));
}

async function settled(
  settings: FunctionStage,
  message: Message,
  context: CallContext,
  returned: PromiseLike<unknown>,
  timeoutMs: number,
): Promise<StageResult> {
  const { promise: expiry, reject } = Promise.withResolvers<never>();
  const cancel = after(timeoutMs, () => {
    reject(late(settings.name, timeoutMs));
    context.abort();
  });
  try {
    const result = await Promise.race([returned, expiry]);
    return resultOf(settings, message, context, result);
  } catch (thrown) {
    const failure = thrown instanceof SluiceError ? thrown : threw(settings.name, thrown, settings.explain(thrown));
    throw raisedFailure(settings, message, context, failure);
  } finally {
    cancel();
  }
}

function resultOf(settings: FunctionStage, message: Message, context: CallContext, returned: unknown): StageResult {
  const { name, labels } = settings;
  const { raised } = context;
  if (raised === undefined) return toResult(name, message, returned);
  const made = raisedMessage(labels, message, raised);
  try {
    return toResult(name, made, returned);
  } catch (thrown) {
    throw asSluiceError(thrown).of(made.label);
  }
}

/** What a function throws may tell of what it raised the label for. */
function raisedFailure(
  { labels }: FunctionStage,
  message: Message,
  { raised }: CallContext,
  failure: SluiceError,
): SluiceError {
  return raised === undefined ? failure : failureOf(labels, message, raised, failure);
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
