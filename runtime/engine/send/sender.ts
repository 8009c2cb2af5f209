import type { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import { DELIVERED, type InFlight, refused, STORED } from '../in-flight.ts';
import type { SinkEnd } from '../route-parts.ts';
import { sinkName } from '../sink-name.ts';
import type { CircuitBreakerSettings } from './circuit-breaker.ts';
import { OutgoingMessage } from './outgoing-message.ts';
import { PerKeySender } from './per-key-sender.ts';
import { PipelinedSender } from './pipelined-sender.ts';
import type { SendContext } from './send-context.ts';
import { type Parts, TracedFrame } from './traced-frame.ts';

/** Sends messages to one sink by the rules of the route's class, and reports the end of each, once. */
export interface MessageSender {
  /** At least one frame, all of one message. */
  send(inFlight: InFlight, frames: readonly Frame[]): void;
  /** The sink is connected again. */
  wake(): void;
  /** Sends nothing any more and ignores later results. */
  stop(): void;
}

export function senderOf(end: SinkEnd, context: SendContext): MessageSender {
  const { oneAtATime } = CLASSES[context.route.policy.trafficClass];
  const sender = oneAtATime ? byKey(end, context) : inOrder(end, context);
  return end.log === undefined ? sender : withoutStored(end.log, sender, context);
}

/** Frames that the sink's log holds are not sent again: not queued, and not expired either, for they were sent in time. */
function withoutStored(
  log: NonNullable<SinkEnd['log']>,
  sender: MessageSender,
  { history, sink, report }: SendContext,
): MessageSender {
  return {
    ...sender,
    send(inFlight, frames) {
      const rest = log.rest(inFlight.envelope.delivery, frames);
      if (rest.length > 0) return sender.send(inFlight, rest);
      // Another sink may still lack it, and then it does not end as stored.
      history.handedOver(inFlight.envelope, sink);
      report(inFlight, STORED);
    },
  };
}

function breakerSettings({ log: recovery }: SinkEnd, { route, sink, onFlow }: SendContext): CircuitBreakerSettings {
  const { policy, observers } = route;
  const name = sinkName(policy.name, sink);
  const { clock, counters, log, meters } = observers;
  return {
    clock,
    confirmed: meters?.confirmed[sink],
    drainPerSecond: policy.drainPerSecond,
    pause: { firstMs: 50, capMs: 2000 },
    onRewind(failure, isFirst, unconfirmed) {
      counters.rewinds += 1;
      recovery?.stopped(unconfirmed);
      if (!isFirst) return;
      log.warn('sink-stalled', { route: name, code: failure.code, text: failure.message });
      onFlow(sink, `${failure.code} ${failure.message}`);
    },
    onFlow() {
      recovery?.flows();
      log.info('sink-recovered', { route: name });
      onFlow(sink, undefined);
    },
  };
}

/** Pipelined: all frames in one order. */
function inOrder(end: SinkEnd, context: SendContext): MessageSender {
  const { route, report } = context;
  const { attempts } = route.policy;
  const pipelined = new PipelinedSender(end.log ?? end.sink, { ...breakerSettings(end, context), attempts });
  const queue = {
    push: (frame: TracedFrame): void => pipelined.push(frame),
    ended(parts: Parts, failure: SluiceError | undefined): void {
      parts.open -= 1;
      parts.failure ??= failure;
      if (parts.open === 0) report(parts.inFlight, parts.failure === undefined ? DELIVERED : refused(parts.failure));
    },
  };
  return {
    send(inFlight, frames) {
      const parts: Parts = { inFlight, open: frames.length, failure: undefined };
      for (const frame of frames) pipelined.push(new TracedFrame(context, parts, frame, queue));
    },
    wake: () => pipelined.wake(),
    stop: () => pipelined.stop(),
  };
}

/** One message of a key in flight at a time. */
function byKey(end: SinkEnd, context: SendContext): MessageSender {
  const { policy } = context.route;
  const perKey = new PerKeySender(end.log ?? end.sink, {
    ...breakerSettings(end, context),
    keeps: CLASSES[policy.trafficClass].keeps,
    attempts: policy.attempts,
    backoff: policy.backoff,
  });
  return {
    send: (inFlight, frames) => perKey.push(new OutgoingMessage(context, inFlight, frames)),
    wake: () => perKey.wake(),
    stop: () => perKey.stop(),
  };
}
