/**
 * The exit codes of commands, for scripts. `convicted`: `verify` ran, and the bridge broke a promise; `audit verify` found a bad
 * line; or `try --golden` found other results. `incompatible`: a document of one version of a schema does not fit the other; `undecided`: neither that nor the opposite could
 * be shown. `unwell`: `status` shows a pipeline that is degraded or down; the number is that of an internal error, for a probe knows no more
 * than whether all is well.
 */
export const EXIT = {
  fine: 0,
  internal: 1,
  unwell: 1,
  invalid: 2,
  environment: 3,
  convicted: 4,
  incompatible: 5,
  undecided: 6,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
