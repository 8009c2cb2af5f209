import { SluiceError } from '#contract/errors.ts';
import type { LabelRules } from '#contract/label-rules.ts';
import type { Log } from '#contract/log.ts';
import type { Message } from '#contract/message.ts';
import { Dropped, type Stage, type StageResult } from '#contract/stage.ts';
import type { StageTrace } from '#contract/trace.ts';
import { emit } from '#contract/transform.ts';
import { isNetworkCode } from '#kit/network-failure.ts';
import { threw, toResult } from './function-result.ts';
import { failureOf, raisedMessage } from './raised-label.ts';
import { type Answered, type PoolSettings, ThreadPool } from './thread-pool.ts';
import { noteWriter } from './note-writer.ts';
import type { Call, CallSpan, Thrown } from './thread-messages.ts';

export interface IsolatedFunction extends PoolSettings {
  readonly log: Log;
  readonly labels: LabelRules | undefined;
}

/** Runs an integrator's function in separate threads: a crash or a kill ends only that thread. */
export function isolatedFunctionStage(settings: IsolatedFunction): Stage {
  const pool = new ThreadPool(settings);
  return {
    name: `function ${settings.name}`,
    async run(message, attempt, trace) {
      const call = callOf(message, attempt, trace);
      return toStageResult(settings, message, await pool.call(call, noteWriter(settings, message.id, trace)));
    },
    close: () => pool.close(),
  };
}

function callOf({ body, id, address, key, label }: Message, attempt: number, trace: StageTrace | undefined): Call {
  const span = trace && spanOf(trace.span.spanContext());
  // To post a view of a packet would copy the whole packet.
  return { body: body instanceof Uint8Array ? Uint8Array.from(body) : body, id, address, key, label, attempt, span };
}

function spanOf({ traceId, spanId, traceFlags }: CallSpan): CallSpan {
  return { traceId, spanId, traceFlags };
}

function toStageResult({ name, labels }: IsolatedFunction, message: Message, answered: Answered): StageResult {
  const { answer } = answered;
  switch (answer.kind) {
    case 'returned':
      return toResult(name, raisedMessage(labels, message, answer.raised), answer.body);
    case 'emitted':
      return toResult(name, raisedMessage(labels, message, answer.raised), emit(...answer.bodies));
    case 'dropped':
      return new Dropped(answer.reason);
    case 'rejected':
      throw failureOf(
        labels,
        message,
        answer.raised,
        new SluiceError('TRANSFORM_REJECTED', `${name} refused it: ${answer.reason}`),
      );
    case 'threw': {
      const thrown = revived(answer.thrown);
      throw failureOf(labels, message, answer.raised, threw(name, thrown, answered.explain(thrown)));
    }
    case 'uncloneable':
      throw new SluiceError(
        'TRANSFORM_UNCLONEABLE',
        `expected ${name} to return what can leave its thread, found ${answer.text}`,
      );
    case 'ready':
    case 'broken':
      throw new SluiceError('INTERNAL', `the thread of ${name} answered out of turn`);
  }
}

/** The thrown value as it was in the thread, as far as it could be transferred. */
function revived({ isError, name, message, stack, codes, value }: Thrown): unknown {
  return isError ? Object.assign(new Error(message), { name, stack, code: codes.find(isNetworkCode) }) : value;
}
