/** The exit codes of commands, for scripts. `convicted`: `verify` ran, and the bridge broke a promise; `audit verify` found a bad line. */
export const EXIT = { fine: 0, internal: 1, invalid: 2, environment: 3, convicted: 4 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
