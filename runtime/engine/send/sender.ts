import type { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import { TracedFrame } from './outgoing-frame.ts';
import type { Settler } from '../settle/settler.ts';
import type { CircuitBreakerSettings } from './circuit-breaker.ts';
import type { InFlight } from '../in-flight.ts';
import { OutgoingMessage } from './outgoing-message.ts';
import { PipelinedSender } from './pipelined-sender.ts';
import type { Route } from '../route.ts';
import type { RecoveredIds } from './recovered-ids.ts';
import { PerKeySender } from './per-key-sender.ts';

/** Sends the frames of messages to the sink by the rules of the route's class, and reports each result to the settler. */
export interface MessageSender {
  send(inFlight: InFlight, frames: readonly Frame[]): void;
  /** The sink is connected again. */
  wake(): void;
  /** Sends nothing any more and ignores later results. */
  stop(): void;
}

export function senderOf(route: Route, settler: Settler): MessageSender {
  const sender = CLASSES[route.trafficClass].oneAtATime ? byKey(route, settler) : inOrder(route, settler);
  return route.recoveredIds === undefined ? sender : withoutRepeats(sender, route.recoveredIds, settler);
}

/** Frames that the sink's log holds are not sent again: not queued, and not expired either, for they were sent in time. */
function withoutRepeats(sender: MessageSender, recoveredIds: RecoveredIds, settler: Settler): MessageSender {
  return {
    ...sender,
    send(inFlight, frames) {
      const rest = recoveredIds.rest(inFlight.delivery, frames);
      if (rest.length === 0 && frames.length > 0) settler.alreadyStored(inFlight);
      else sender.send(inFlight, rest);
    },
  };
}

function breakerSettings({
  clock,
  drainPerSecond,
  counters,
  log,
  name,
  onFlow,
  onUnconfirmed,
}: Route): CircuitBreakerSettings {
  return {
    clock,
    drainPerSecond,
    pause: { firstMs: 50, capMs: 2000 },
    onRewind(failure: SluiceError, isFirst: boolean, unconfirmed: Iterable<string>) {
      counters.rewinds += 1;
      onUnconfirmed?.(unconfirmed);
      if (!isFirst) return;
      log.warn('sink-stalled', { route: name, code: failure.code, text: failure.message });
      onFlow(false, `${failure.code} ${failure.message}`);
    },
    onFlow() {
      log.info('sink-recovered', { route: name });
      onFlow(true);
    },
  };
}

/** Pipelined: all frames in one order. */
function inOrder(route: Route, settler: Settler): MessageSender {
  const pipelined = new PipelinedSender(route.sink, { ...breakerSettings(route), attempts: route.attempts });
  const callbacks = {
    again: (inFlight: InFlight, renamed: Frame): void =>
      pipelined.push(new TracedFrame(route, inFlight, renamed, callbacks)),
    sent(inFlight: InFlight): void {
      inFlight.unsent -= 1;
      if (inFlight.unsent > 0 || inFlight.settled) return;
      if (inFlight.refusal === undefined) settler.delivered(inFlight);
      else settler.refused(inFlight, inFlight.refusal);
    },
  };
  return {
    send(inFlight, frames) {
      inFlight.unsent = frames.length;
      for (const frame of frames) pipelined.push(new TracedFrame(route, inFlight, frame, callbacks));
    },
    wake: () => pipelined.wake(),
    stop: () => pipelined.stop(),
  };
}

/** One message of a key in flight at a time. */
function byKey(route: Route, settler: Settler): MessageSender {
  const { keeps } = CLASSES[route.trafficClass];
  const perKey = new PerKeySender(route.sink, {
    ...breakerSettings(route),
    keeps,
    attempts: route.attempts,
    backoff: route.backoff,
  });
  return {
    send(inFlight, frames) {
      inFlight.unsent = frames.length;
      perKey.push(new OutgoingMessage(route, inFlight, frames, settler));
    },
    wake: () => perKey.wake(),
    stop: () => perKey.stop(),
  };
}
