/** A stage of a route, as a letter names it: `validate track.v1`. */
export interface NamedStage {
  readonly name: string;
  readonly changesBody: boolean;
}

/**
 * The last stage before the refusing one that changed the body, if any: the pointer of the letter then leads into the changed body, and
 * not into the one that the letter has.
 */
export function changedBefore(stages: readonly NamedStage[], refusing: string | undefined): string | undefined {
  const at = stages.findIndex(({ name }) => name === refusing);
  return stages.slice(0, Math.max(0, at)).findLast(({ changesBody }) => changesBody)?.name;
}
