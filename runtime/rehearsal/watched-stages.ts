import type { Message } from '#contract/message.ts';
import type { Stage, StageResult } from '#contract/stage.ts';
import type { PipelineSpec } from '../project/pipeline-spec.ts';
import type { Activity } from './activity.ts';
import { type Life, never, type Probe } from './steps.ts';
import { type StagePlace, withWrappedStages } from './wrapped-stages.ts';

/** How one run of a stage ended. */
export interface StageEnd {
  /** Undefined where it threw. */
  readonly result: StageResult | undefined;
  readonly failure: unknown;
  /** By the clock of the machine. */
  readonly tookMs: number;
}

/** Called before a stage runs; what it returns is called behind it. */
export type ObserveStage = (
  route: string,
  stage: string,
  message: Message,
  attempt: number,
) => ((end: StageEnd) => void) | undefined;

export interface StageWatch {
  readonly life: Life;
  readonly probe: Probe;
  readonly activity: Activity;
  readonly observe?: ObserveStage | undefined;
}

/** How long a guard is waited for: what it holds for an approval waits for a person. */
const APPROVAL_MS = 500;

/** The same pipeline, whose stages are steps at which a process can be killed, and are waited for. */
export function withWatchedStages(spec: PipelineSpec, watch: StageWatch): PipelineSpec {
  return withWrappedStages(spec, (stage, place) => watchedRun(stage, place, watch));
}

function watchedRun(
  stage: Stage,
  { route, kind }: StagePlace,
  { life, probe, activity, observe }: StageWatch,
): Stage['run'] {
  const { name } = stage;
  const patienceMs = kind.seals === true ? APPROVAL_MS : undefined;
  const ended = (message: Message, result: StageResult): StageResult | Promise<StageResult> => {
    probe({ step: 'passed', route, id: message.id, at: name });
    return life.isOver ? never() : result;
  };
  return (message, attempt, span) => {
    if (life.isOver) return never();
    probe({ step: 'stage', route, id: message.id, at: name });
    if (isOver(life)) return never();
    activity.happened();
    const observed = observe?.(route, name, message, attempt);
    const startedMs = observed === undefined ? 0 : performance.now();
    const report = (one: StageResult | undefined, failure: unknown): void =>
      observed?.({ result: one, failure, tookMs: performance.now() - startedMs });
    let result: StageResult | Promise<StageResult>;
    try {
      result = stage.run(message, attempt, span);
    } catch (thrown) {
      report(undefined, thrown);
      throw thrown;
    }
    if (!(result instanceof Promise)) {
      report(result, undefined);
      return ended(message, result);
    }
    return activity.pending(`${name} of route ${route}`, result, patienceMs).then(
      (one) => {
        report(one, undefined);
        return ended(message, one);
      },
      (thrown: unknown) => {
        report(undefined, thrown);
        throw thrown;
      },
    );
  };
}

/** The probe may have ended it. */
function isOver(life: Life): boolean {
  return life.isOver;
}
