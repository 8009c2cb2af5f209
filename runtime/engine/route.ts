import type { Delivery } from '#contract/delivery.ts';
import { asSluiceError, SluiceError } from '#contract/errors.ts';
import { Dropped, isKept, type Joined, type Stage } from '#contract/stage.ts';
import type { Message } from '#contract/message.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import { Deque } from '#kit/deque.ts';
import { Admission } from './admit/admission.ts';
import { type CrashQuarantine, crashQuarantineOf } from './admit/crash-quarantine.ts';
import { dropCauseOf } from './counters.ts';
import { History } from './history/history.ts';
import { DROPPED, type End, type InFlight, type Processing, refused, sendingTo } from './in-flight.ts';
import { KeptMessages } from './kept-messages.ts';
import { Order } from './order.ts';
import { type FramesBySink, type Made, process } from './process/process.ts';
import { nextAttempt } from './process/next-attempt.ts';
import { JoinedAt } from './process/run-stages.ts';
import type { Route } from './route-parts.ts';
import { type MessageSender, senderOf } from './send/sender.ts';
import { endAtSink, endOfSinks } from './send/end-of-sinks.ts';
import { flowOfAll } from './send/flow-of-all.ts';
import type { Report } from './send/send-context.ts';
import { Settler } from './settle/settler.ts';
import type { WaitCounts } from './stall-detector.ts';
import { Unsettled } from './unsettled.ts';
import type { WindowFill } from '../telemetry/route-numbers.ts';

/** How long a route may work before timers and sockets get a turn. */
const TURN_MS = 10;

/**
 * One route at work: read -> admit -> process -> send -> settle, one method a step. Each step returns a value or reports
 * the end of a message, and no step knows another one: what comes next is decided here. `run` is called once, `stop` once.
 */
export class RunningRoute {
  #route: Route;
  readonly #unsettled: Unsettled;
  readonly #admission: Admission;
  readonly #order: Order;
  readonly #kept: KeptMessages;
  readonly #keep = (inFlight: InFlight, message: Message): void => {
    inFlight.envelope.trace?.waits('join');
    this.#kept.keep(inFlight, message);
  };
  readonly #senders: readonly MessageSender[];
  readonly #settler: Settler;
  readonly #stopping = new AbortController();
  /**
   * With several sinks, in a class that has one message of a key in flight: its next one must not reach one sink before the end
   * of this one at all of them is durable.
   */
  readonly #holdsWhileSent: boolean;
  /** Have ended at all sinks, and hold their lanes until it is their turn. */
  readonly #through = new Deque<InFlight>();
  #isReleasing = false;
  /** Whether a sink takes some messages only. */
  readonly #hasConditions: boolean;
  /** Stopped: nothing is sent any more. */
  #isOver = false;
  /** Defined after a crash and while a message is suspected of it; undefined it costs nothing. */
  #quarantine: CrashQuarantine | undefined;

  constructor(route: Route) {
    this.#route = route;
    const { sinks } = route.ends;
    for (const at of sinks.keys()) route.observers.counters.sentBy[at] ??= 0;
    route.observers.meters?.begin(route.policy.stages, sinks.length);
    const history = new History(route);
    this.#holdsWhileSent = sinks.length > 1 && CLASSES[route.policy.trafficClass].oneAtATime;
    this.#hasConditions = sinks.some(({ takes }) => takes !== undefined);
    this.#unsettled = new Unsettled(route);
    this.#admission = new Admission(route, history);
    this.#order = new Order(route.policy);
    this.#kept = new KeptMessages(route.policy, route.observers.tracer);
    this.#settler = new Settler(route, history, {
      dead: (inFlight) => this.#quarantine?.deadLettered(inFlight),
      settled: (inFlight, hasPassed) => this.#settled(inFlight, hasPassed),
    });
    const { onFlow } = flowOfAll(route);
    this.#senders = sinks.map((end, sink) => {
      const report: Report =
        sinks.length === 1
          ? (inFlight, ended) => this.#sent(inFlight, ended)
          : (inFlight, ended) => this.#sent(inFlight, endAtSink(ended, sink));
      return senderOf(end, { route, history, sink, report, onFlow });
    });
    this.#quarantine = crashQuarantineOf(route, {
      granted: (inFlight) => (inFlight.state.at === 'admit' ? this.#admit(inFlight) : this.#process(inFlight)),
      refused: (inFlight, failure) => this.#settle(inFlight, refused(failure)),
      over: () => (this.#quarantine = undefined),
    });
    for (const [at, stage] of route.policy.stages.entries()) stage.start?.((joined) => this.#emitted(joined, at + 1));
  }

  /** Reads while the window is not full. Resolves after `stop`; rejects when the source is lost for good. */
  async run(): Promise<void> {
    const { signal } = this.#stopping;
    const { source } = this.#route.ends;
    const { clock, meters } = this.#route.observers;
    let turnEndsAt = performance.now() + TURN_MS;
    while (!signal.aborted) {
      const demand = this.#unsettled.demand();
      if (demand === undefined) {
        await this.#unsettled.opened(signal);
        continue;
      }
      const deliveries = await source.read(demand, signal);
      const nowMs = clock.nowMs();
      const takenAtMs = meters === undefined ? 0 : clock.elapsedMs();
      for (const delivery of deliveries) this.#begin(delivery, nowMs, takenAtMs);
      if (performance.now() >= turnEndsAt) {
        await new Promise(setImmediate);
        turnEndsAt = performance.now() + TURN_MS;
      }
    }
  }

  #begin(delivery: Delivery, nowMs: number, takenAtMs: number): void {
    const inFlight = this.#unsettled.take(delivery, nowMs, takenAtMs);
    if (this.#quarantine?.holds(inFlight) !== true) this.#admit(inFlight);
  }

  #admit(inFlight: InFlight): void {
    const admitted = this.#admission.admit(inFlight);
    if (admitted === 'admitted') return this.#enter(inFlight);
    this.#quarantine?.left(inFlight, false);
    if (admitted === 'waits') inFlight.envelope.trace?.waits('repeat');
    else this.#settle(inFlight, admitted);
  }

  /** Into its lane. */
  #enter(inFlight: InFlight): void {
    const place = this.#order.enter(inFlight);
    if (place === 'next') return this.#process(inFlight);
    this.#quarantine?.left(inFlight, false);
    inFlight.envelope.trace?.waits('lane');
    if (place !== 'queued') this.#settle(place, { kind: 'superseded', by: inFlight });
  }

  /** The message, then those of its lane that wait behind it, until one of them holds the lane. */
  #process(inFlight: InFlight): void {
    let next: InFlight | undefined = inFlight;
    while (next !== undefined && this.#freesLane(next)) next = this.#order.next(next);
  }

  /** One attempt. False: the message holds its lane, for a stage, for its next attempt, or for its turn after a crash. */
  #freesLane(inFlight: InFlight): boolean {
    const { state } = inFlight;
    if (state.at !== 'process') return true;
    if (this.#quarantine?.holds(inFlight) === true) {
      this.#order.hold(inFlight);
      return false;
    }
    const made = process(this.#route, inFlight, state, this.#keep);
    if (!(made instanceof Promise)) return this.#made(inFlight, made);
    this.#order.hold(inFlight);
    void made.then((late) => {
      if (this.#made(inFlight, late)) this.#release(inFlight);
    });
    return false;
  }

  #release(inFlight: InFlight): void {
    const next = this.#order.next(inFlight);
    if (next !== undefined) this.#process(next);
  }

  /** The result of an attempt. False where the message still holds its lane (invariant 5). */
  #made(inFlight: InFlight, made: Made): boolean {
    const { state } = inFlight;
    // A kept message may yet end the process, in what it is joined into.
    this.#quarantine?.left(inFlight, state.at === 'process' && !(made instanceof SluiceError));
    if (state.at !== 'process') return true;
    if (made instanceof SluiceError) return this.#failed(inFlight, state, made);
    if (made instanceof JoinedAt) this.#join(inFlight, made);
    else if (made instanceof Dropped) this.#drop(inFlight, made);
    else if (!isKept(made)) return this.#send(inFlight, state, made);
    return true;
  }

  #drop(inFlight: InFlight, { reason }: Dropped): void {
    this.#route.observers.counters.droppedBy[dropCauseOf(reason)] += 1;
    this.#settle(inFlight, DROPPED);
  }

  #failed(inFlight: InFlight, state: Processing, failure: SluiceError): boolean {
    const { clock, counters, log } = this.#route.observers;
    const again = nextAttempt(this.#route, state, failure);
    if (again === undefined) {
      this.#settle(inFlight, refused(failure));
      return true;
    }
    counters.retries += 1;
    inFlight.envelope.trace?.retries(failure, again.delayMs);
    log.debug?.('message-retried', {
      ...failure.place,
      route: this.#route.policy.name,
      code: failure.code,
      id: inFlight.envelope.id,
      attempt: state.attempt,
      delayMs: Math.round(again.delayMs),
      trace: inFlight.envelope.trace?.traceId,
    });
    inFlight.state = again.state;
    this.#order.hold(inFlight);
    clock.after(again.delayMs, () => this.#process(inFlight));
    return false;
  }

  #join(inFlight: InFlight, { joined, from, label }: JoinedAt): void {
    try {
      this.#enter(this.#kept.join(joined, from, { inFlight, label }));
    } catch (thrown) {
      this.#settle(inFlight, refused(asSluiceError(thrown)));
    }
  }

  /** A stage has a result that no message caused. */
  #emitted(joined: Joined, from: number): void {
    if (!this.#isOver) this.#enter(this.#kept.join(joined, from));
  }

  /** To every sink that takes it. False where the message holds its lane until all of them have ended it. */
  #send(inFlight: InFlight, { attempt }: Processing, frames: FramesBySink): boolean {
    const chosen = chosenSinks(frames);
    if (chosen === 0) {
      this.#drop(inFlight, this.#hasConditions ? NO_ROUTE : EMPTY);
      return true;
    }
    inFlight.state = sendingTo(chosen, attempt);
    inFlight.envelope.trace?.waits('sink');
    if (this.#holdsWhileSent) this.#order.hold(inFlight);
    for (let sink = 0; sink < frames.length; sink += 1) {
      const own = frames[sink];
      if (own !== undefined && own.length > 0) this.#senders[sink]?.send(inFlight, own);
    }
    return !this.#holdsWhileSent;
  }

  /** One sink has ended the message. */
  #sent(inFlight: InFlight, end: End): void {
    const { state } = inFlight;
    if (state.at !== 'send') return;
    const whole = endOfSinks(state.end, end);
    if (state.open > 1) {
      inFlight.state = { ...state, open: state.open - 1, end: whole };
      return;
    }
    this.#settle(inFlight, whole);
    if (this.#holdsWhileSent) this.#releaseInTurn(inFlight);
  }

  /**
   * As `#release`, never within another one: a message that is released may end as soon as it is sent (expired, repeated), and so
   * may all that wait behind it. One within the other they would use up the stack.
   */
  #releaseInTurn(inFlight: InFlight): void {
    this.#through.push(inFlight);
    if (this.#isReleasing) return;
    this.#isReleasing = true;
    try {
      for (let next = this.#through.shift(); next !== undefined; next = this.#through.shift()) this.#release(next);
    } finally {
      this.#isReleasing = false;
    }
  }

  /** The end of a message is the end of all that were joined into it. */
  #settle(inFlight: InFlight, end: End): void {
    const { members } = inFlight;
    if (members === undefined) return this.#settler.settle(inFlight, end);
    this.#kept.ended(inFlight, end);
    for (const member of members) this.#settler.settle(member, end);
  }

  #settled(inFlight: InFlight, hasPassed: boolean): void {
    for (const next of this.#admission.ended(inFlight, hasPassed)) {
      const earlierMs = this.#route.observers.clock.nowMs();
      if (hasPassed) this.#settle(next, { kind: 'repeated', cause: 'dedupe', earlierMs });
      else this.#enter(next);
    }
    this.#unsettled.leave(inFlight);
  }

  /**
   * From the next attempt on messages go through these stages. An attempt that has begun ends in those that it began in: each holds
   * the route that it was given. Not for stages that keep messages.
   */
  replaceStages(stages: readonly Stage[]): void {
    this.#route = { ...this.#route, policy: { ...this.#route.policy, stages } };
  }

  /** How full the window is. */
  fill(): WindowFill {
    return this.#unsettled.fill();
  }

  /** Counts the unsettled deliveries by the thing that they wait for. */
  waiting(): WaitCounts {
    const sink = this.#unsettled.count('send');
    const settling = this.#unsettled.count('settle');
    const { deadLetters } = this.#settler;
    const stages = this.#unsettled.size - sink - settling;
    return { sink, stages, deadLetters, ids: Math.max(0, settling - deadLetters) };
  }

  /** A sink is connected again. */
  wake(): void {
    for (const sender of this.#senders) sender.wake();
  }

  /**
   * Invariant 7: stops reading, lets the messages in flight end within `deadlineMs`, and releases the rest to the source.
   * Resolves when every delivery is settled, with the counts of the rest; then source and sinks may be closed.
   */
  async stop(deadlineMs: number): Promise<WaitCounts> {
    this.#stopping.abort();
    for (const stage of this.#route.policy.stages) stage.flush?.();
    await this.#unsettled.idle(deadlineMs);
    this.#isOver = true;
    const left = this.waiting();
    for (const sender of this.#senders) sender.stop();
    this.#quarantine?.stop();
    this.#kept.release();
    this.#unsettled.release();
    return left;
  }
}

/** No sink takes the message. */
const NO_ROUTE = new Dropped('no-route');
/** A function has made no message of it. */
const EMPTY = new Dropped('none');

/** How many sinks take the message. */
function chosenSinks(frames: FramesBySink): number {
  // Most routes have one sink: a loop would cost each message more.
  if (frames.length === 1) return frames[0]?.length === 0 ? 0 : 1;
  return frames.filter((own) => own.length > 0).length;
}
