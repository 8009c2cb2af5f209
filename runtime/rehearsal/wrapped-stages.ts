import type { Stage } from '#contract/stage.ts';
import type { StageKind } from '#contract/stage-kind.ts';
import type { PipelineSpec } from '../project/pipeline-spec.ts';

/** Where a stage stands. */
export interface StagePlace {
  readonly route: string;
  /** In its route, from 0. */
  readonly at: number;
  readonly kind: StageKind;
}

/** The same pipeline, in which `wrap` runs each stage in the place of the stage itself. */
export function withWrappedStages(
  spec: PipelineSpec,
  wrap: (stage: Stage, place: StagePlace) => Stage['run'],
): PipelineSpec {
  const routes = spec.routes.map((route) => ({
    ...route,
    stages: route.stages.map((stage, at) => ({
      ...stage,
      kind: wrapped(stage.kind, (made) => wrap(made, { route: route.name, at, kind: stage.kind })),
    })),
  }));
  return { ...spec, routes };
}

function wrapped(kind: StageKind, runOf: (stage: Stage) => Stage['run']): StageKind {
  return {
    ...kind,
    make(parts) {
      const stage = kind.make(parts);
      return {
        name: stage.name,
        run: runOf(stage),
        ...(stage.start !== undefined && { start: (emit) => stage.start?.(emit) }),
        ...(stage.flush !== undefined && { flush: () => stage.flush?.() }),
        ...(stage.close !== undefined && { close: () => stage.close?.() ?? Promise.resolve() }),
      };
    },
  };
}
