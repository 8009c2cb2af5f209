import type { PipelineSpec } from '../../project/pipeline-spec.ts';
import { withWrappedStages } from '../../rehearsal/wrapped-stages.ts';

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
  return withWrappedStages(spec, (stage, { route, at }) => (message, attempt, span) => {
    if (at === 0 && attempt === 1) begun(route);
    const result = stage.run(message, attempt, span);
    // Nothing is swapped within a call.
    if (result instanceof Promise) version.entered(result);
    return result;
  });
}
