import { asSluiceError, SluiceError } from '#contract/errors.ts';
import type { Label, Message } from '#contract/message.ts';
import { Dropped, isKept, Joined, type Kept, type StageResult } from '#contract/stage.ts';
import { type Counters, dropCauseOf } from '../counters.ts';
import type { InFlight } from '../in-flight.ts';
import type { Route } from '../route-parts.ts';
import { beginStage } from './stage-call.ts';

/** A stage has joined messages. Their deliveries go on as one, from stage `from` on. */
export class JoinedAt {
  readonly joined: Joined;
  readonly from: number;
  /** Of the message that was run, as the stage got it. */
  readonly label: Label | undefined;
  constructor(joined: Joined, from: number, label: Label | undefined) {
    this.joined = joined;
    this.from = from;
    this.label = label;
  }
}

/** The result of all stages, or of those up to one that joins messages. */
export type Passed = Message | readonly Message[] | Dropped | Kept | JoinedAt;

/** One attempt of a delivery. */
export interface Attempt {
  readonly route: Route;
  readonly inFlight: InFlight;
  readonly number: number;
  /** Called when a stage keeps the message that it was given. */
  readonly keep: (inFlight: InFlight, message: Message) => void;
}

/** Runs the stages from position `from` on. A promise only where a stage returned one. Throws a SluiceError. */
export function runStages(
  attempt: Attempt,
  input: Message | readonly Message[],
  from: number,
): Passed | Promise<Passed> {
  if (isSeveral(input)) return after(attempt, input, from, undefined);
  let current = input;
  for (let index = from; index < attempt.route.policy.stages.length; index += 1) {
    const result = runStage(attempt, current, index);
    const { label } = current;
    if (result instanceof Promise) return result.then((made) => after(attempt, atOnce(made), index + 1, label));
    // At once, not with the result: the stage may join it with the very next message.
    if (isKept(result)) attempt.keep(attempt.inFlight, current);
    if (!isMessage(result)) return after(attempt, result, index + 1, label);
    current = result;
  }
  return current;
}

function atOnce(made: StageResult): StageResult {
  if (isKept(made)) throw new SluiceError('INTERNAL', 'a stage has kept a message by a promise');
  return made;
}

/** `label`: of the message that the stage was given, where it was one. */
function after(attempt: Attempt, made: StageResult, next: number, label: Label | undefined): Passed | Promise<Passed> {
  if (made instanceof Dropped || isKept(made)) return made;
  if (made instanceof Joined) return new JoinedAt(made, next, label);
  if (isMessage(made)) return runStages(attempt, made, next);
  if (!isSeveral(made) || next === attempt.route.policy.stages.length) return made;
  const parts = made.map(async (message) => runStages({ ...attempt, keep: keepsNone }, message, next));
  return collect(parts, attempt.route.observers.counters);
}

function keepsNone(): never {
  throw new SluiceError('INTERNAL', 'a stage that keeps messages stands behind one that makes several of one');
}

async function collect(parts: readonly Promise<Passed>[], { partsDroppedBy }: Counters): Promise<Passed> {
  const results = await Promise.all(parts);
  const kept: Message[] = [];
  for (const result of results) {
    if (result instanceof Dropped) partsDroppedBy[dropCauseOf(result.reason)] += 1;
    else if (isSeveral(result)) for (const message of result) kept.push(message);
    else if (isMessage(result)) kept.push(result);
    else throw new SluiceError('INTERNAL', 'a stage that joins messages stands behind one that makes several of one');
  }
  const [first] = results;
  return kept.length === 0 && first instanceof Dropped ? first : kept;
}

function runStage(
  { route, inFlight, number }: Attempt,
  message: Message,
  index: number,
): StageResult | Promise<StageResult> {
  const { policy, observers } = route;
  const stage = policy.stages[index];
  if (stage === undefined) return message;
  const call = beginStage(route, inFlight, stage.name, index);
  observers.eventLoopWatchdog?.begin(index, inFlight.envelope.delivery);
  try {
    const result = stage.run(message, number, call?.span);
    observers.eventLoopWatchdog?.end();
    if (!(result instanceof Promise)) {
      call?.end(undefined, countOf(result));
      return result;
    }
    return result.then(
      (made) => {
        call?.end(undefined, countOf(made));
        return made;
      },
      (thrown: unknown) => {
        const failure = asSluiceError(thrown).at({ stage: stage.name }).of(message.label);
        call?.end(failure, 0);
        throw failure;
      },
    );
  } catch (thrown) {
    observers.eventLoopWatchdog?.end();
    const failure = asSluiceError(thrown).at({ stage: stage.name }).of(message.label);
    call?.end(failure, 0);
    throw failure;
  }
}

/** How many messages a stage has made of one. */
function countOf(result: StageResult): number {
  if (isSeveral(result)) return result.length;
  if (result instanceof Joined) return result.messages.length;
  return isMessage(result) ? 1 : 0;
}

export function isSeveral(result: Passed | StageResult): result is readonly Message[] {
  return Array.isArray(result);
}

function isMessage(result: Passed | StageResult): result is Message {
  return 'origin' in result;
}
