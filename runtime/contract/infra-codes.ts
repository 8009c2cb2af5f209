/** Of `sluice infra`. */
export const INFRA_ERRORS = {
  INFRA_UNAVAILABLE: {
    verdict: 'retry',
    scope: 'bus',
    remedy: 'Provide what is named, or name another port with --port NAME=PORT; or use a server of your own.',
  },
} as const;
