/** What a command's exit code means, to scripts. */
export const EXIT = { fine: 0, internal: 1, invalid: 2, environment: 3 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
