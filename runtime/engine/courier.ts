import type { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import { Dispatch } from './dispatch.ts';
import type { Endings } from './endings.ts';
import type { FlowSettings } from './flow.ts';
import type { Job } from './job.ts';
import { Load } from './load.ts';
import { Outbox } from './outbox.ts';
import type { Route } from './route.ts';
import type { SentBefore } from './sent-before.ts';
import { Slots } from './slots.ts';

/** Brings the frames of jobs to the sink, in the manner of the route's class, and tells how each job ended. */
export interface Courier {
  carry(job: Job, frames: readonly Frame[]): void;
  /** The sink's connection is back. */
  wake(): void;
  /** Hands nothing more over and hears nothing more. */
  stop(): void;
}

export function courierOf(route: Route, endings: Endings): Courier {
  const courier = CLASSES[route.trafficClass].oneAtATime ? byKey(route, endings) : inOrder(route, endings);
  return route.sentBefore === undefined ? courier : withoutRepeats(courier, route.sentBefore, endings);
}

/** What is in the sink already is not sent again: neither queued, nor held to its expiry, which it met. */
function withoutRepeats(courier: Courier, sentBefore: SentBefore, endings: Endings): Courier {
  return {
    ...courier,
    carry(job, frames) {
      const rest = sentBefore.rest(job.delivery, frames);
      if (rest.length === 0 && frames.length > 0) endings.sentBefore(job);
      else courier.carry(job, rest);
    },
  };
}

function flowOf({ clock, drainPerSecond, counters, log, name, onFlow, onDoubt }: Route): FlowSettings {
  return {
    clock,
    drainPerSecond,
    pause: { firstMs: 50, capMs: 2000 },
    onGoBack(failure: SluiceError, isFirst: boolean, inDoubt: Iterable<string>) {
      counters.goBacks += 1;
      onDoubt?.(inDoubt);
      if (!isFirst) return;
      log.warn('sink-stalled', { route: name, code: failure.code, text: failure.message });
      onFlow(false, `${failure.code} ${failure.message}`);
    },
    onFlow() {
      log.info('sink-flows', { route: name });
      onFlow(true);
    },
  };
}

/** Pipelined: all frames in one order. */
function inOrder(route: Route, endings: Endings): Courier {
  const outbox = new Outbox(route.sink, { ...flowOf(route), attempts: route.attempts });
  const answers = {
    again: (job: Job, renamed: Frame): void => outbox.push(new Dispatch(route, job, renamed, answers)),
    sent(job: Job): void {
      job.unsent -= 1;
      if (job.unsent > 0 || job.settled) return;
      if (job.refusal === undefined) endings.delivered(job);
      else endings.refused(job, job.refusal);
    },
  };
  return {
    carry(job, frames) {
      job.unsent = frames.length;
      for (const frame of frames) outbox.push(new Dispatch(route, job, frame, answers));
    },
    wake: () => outbox.wake(),
    stop: () => outbox.stop(),
  };
}

/** One message of a key under way at a time. */
function byKey(route: Route, endings: Endings): Courier {
  const { keeps } = CLASSES[route.trafficClass];
  const slots = new Slots(route.sink, { ...flowOf(route), keeps, attempts: route.attempts, backoff: route.backoff });
  return {
    carry(job, frames) {
      job.unsent = frames.length;
      slots.push(new Load(route, job, frames, endings));
    },
    wake: () => slots.wake(),
    stop: () => slots.stop(),
  };
}
