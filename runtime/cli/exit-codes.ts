/** What a command's exit code means, to scripts. `convicted`: `verify` did its work, and the bridge broke its word. */
export const EXIT = { fine: 0, internal: 1, invalid: 2, environment: 3, convicted: 4 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
