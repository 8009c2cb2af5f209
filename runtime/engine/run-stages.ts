import { asSluiceError } from '#contract/errors.ts';
import type { Message } from '#contract/message.ts';
import { Dropped, type StageResult } from '#contract/stage.ts';
import type { InFlight } from './in-flight.ts';
import type { Route } from './route.ts';

/** Runs the stages from position `from` on. A promise only where a stage returned one. */
export function runStages(
  route: Route,
  inFlight: InFlight,
  message: Message,
  from: number,
): StageResult | Promise<StageResult> {
  let current = message;
  for (let index = from; index < route.stages.length; index += 1) {
    const result = runStage(route, inFlight, current, index);
    if (result instanceof Promise) return result.then((made) => after(route, inFlight, made, index + 1));
    if (result instanceof Dropped || isSeveral(result)) return after(route, inFlight, result, index + 1);
    current = result;
  }
  return current;
}

function after(route: Route, inFlight: InFlight, made: StageResult, next: number): StageResult | Promise<StageResult> {
  if (made instanceof Dropped || next === route.stages.length) return made;
  if (!isSeveral(made)) return runStages(route, inFlight, made, next);
  return collect(made.map(async (message) => runStages(route, inFlight, message, next)));
}

async function collect(parts: readonly Promise<StageResult>[]): Promise<StageResult> {
  const results = await Promise.all(parts);
  const kept: Message[] = [];
  for (const result of results) {
    if (result instanceof Dropped) continue;
    if (isSeveral(result)) kept.push(...result);
    else kept.push(result);
  }
  const [first] = results;
  return kept.length === 0 && first instanceof Dropped ? first : kept;
}

function runStage(
  route: Route,
  inFlight: InFlight,
  message: Message,
  index: number,
): StageResult | Promise<StageResult> {
  const stage = route.stages[index];
  if (stage === undefined) return message;
  const end = inFlight.trace?.stage(stage.name);
  route.eventLoopWatchdog?.begin(index, inFlight.delivery);
  try {
    const result = stage.run(message, inFlight.attempt);
    route.eventLoopWatchdog?.end();
    if (!(result instanceof Promise)) {
      end?.();
      return result;
    }
    return result.then(
      (made) => {
        end?.();
        return made;
      },
      (thrown: unknown) => {
        const failure = asSluiceError(thrown).at({ stage: stage.name });
        end?.(failure);
        throw failure;
      },
    );
  } catch (thrown) {
    route.eventLoopWatchdog?.end();
    const failure = asSluiceError(thrown).at({ stage: stage.name });
    end?.(failure);
    throw failure;
  }
}

export function isSeveral(result: StageResult): result is readonly Message[] {
  return Array.isArray(result);
}
