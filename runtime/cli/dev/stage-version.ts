import type { Stage } from '#contract/stage.ts';
import type { StageKind } from '#contract/stage-kind.ts';
import type { PipelineSpec } from '../../project/pipeline-spec.ts';

/** The stages of one version of a project, in all routes: tells whether messages are in them. */
export class StageVersion {
  #inside = 0;
  #left: (() => void) | undefined;

  /** Messages that wait for one of its stages. */
  get inside(): number {
    return this.#inside;
  }

  /** A stage answers later. */
  entered(answer: Promise<unknown>): void {
    this.#inside += 1;
    const left = (): void => {
      this.#inside -= 1;
      if (this.#inside === 0) this.#left?.();
    };
    answer.then(left, left);
  }

  /**
   * Resolves once no message is in it. Between two stages a message is in none: it goes on within the same turn of the event loop, so
   * a whole turn without a message counts.
   */
  async empty(): Promise<void> {
    do {
      if (this.#inside > 0) await new Promise<void>((resolve) => (this.#left = resolve));
      await new Promise(setImmediate);
    } while (this.#inside > 0);
  }
}

/** The same pipeline, whose stages report to `version` what is in them. `begun`: called at the first attempt of each message. */
export function withVersion(spec: PipelineSpec, version: StageVersion, begun: (route: string) => void): PipelineSpec {
  const routes = spec.routes.map((route) => ({
    ...route,
    stages: route.stages.map((stage, at) => ({
      ...stage,
      kind: counted(stage.kind, version, at === 0 ? () => begun(route.name) : undefined),
    })),
  }));
  return { ...spec, routes };
}

function counted(kind: StageKind, version: StageVersion, begun: (() => void) | undefined): StageKind {
  return { ...kind, make: (parts) => countedStage(kind.make(parts), version, begun) };
}

function countedStage(stage: Stage, version: StageVersion, begun: (() => void) | undefined): Stage {
  return {
    name: stage.name,
    run(message, attempt, span) {
      if (attempt === 1) begun?.();
      const result = stage.run(message, attempt, span);
      // Nothing is swapped within a call.
      if (result instanceof Promise) version.entered(result);
      return result;
    },
    ...(stage.start !== undefined && { start: (emit) => stage.start?.(emit) }),
    ...(stage.flush !== undefined && { flush: () => stage.flush?.() }),
    ...(stage.close !== undefined && { close: () => stage.close?.() ?? Promise.resolve() }),
  };
}
