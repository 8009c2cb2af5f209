import type { Message } from '#contract/message.ts';
import type { Stage, StageResult } from '#contract/stage.ts';
import type { StageKind } from '#contract/stage-kind.ts';
import type { PipelineSpec } from '../project/pipeline-spec.ts';
import type { Activity } from './activity.ts';
import { type Life, never, type Probe } from './steps.ts';

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

interface OneStage extends StageWatch {
  readonly route: string;
  readonly patienceMs: number | undefined;
}

/** The same pipeline, whose stages are steps at which a process can be killed, and are waited for. */
export function withWatchedStages(spec: PipelineSpec, watch: StageWatch): PipelineSpec {
  const routes = spec.routes.map((route) => ({
    ...route,
    stages: route.stages.map((stage) => ({ ...stage, kind: watchedKind(stage.kind, watch) })),
  }));
  return { ...spec, routes };
}

function watchedKind(kind: StageKind, watch: StageWatch): StageKind {
  return {
    ...kind,
    make: (parts) =>
      watchedStage(kind.make(parts), {
        ...watch,
        route: parts.route,
        patienceMs: kind.seals === true ? APPROVAL_MS : undefined,
      }),
  };
}

function watchedStage(stage: Stage, { route, patienceMs, life, probe, activity, observe }: OneStage): Stage {
  const { name } = stage;
  const ended = (message: Message, result: StageResult): StageResult | Promise<StageResult> => {
    probe({ step: 'passed', route, id: message.id, at: name });
    return life.isOver ? never() : result;
  };
  return {
    name,
    run(message, attempt, span) {
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
    },
    ...(stage.start !== undefined && { start: (emit) => stage.start?.(emit) }),
    ...(stage.flush !== undefined && { flush: () => stage.flush?.() }),
    ...(stage.close !== undefined && { close: () => stage.close?.() ?? Promise.resolve() }),
  };
}

/** The probe may have ended it. */
function isOver(life: Life): boolean {
  return life.isOver;
}
