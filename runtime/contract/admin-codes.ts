/** Of the admin port, and of the commands that ask it. */
export const ADMIN_ERRORS = {
  ADMIN_UNUSABLE: {
    verdict: 'retry',
    scope: 'bus',
    remedy: 'Name another address with --admin HOST:PORT, or stop what listens there.',
  },
  ADMIN_UNREACHABLE: {
    verdict: 'retry',
    scope: 'bus',
    remedy: 'Name the address that the pipeline runs with: --admin HOST:PORT. Its log says it: admin url=.',
  },
  ADMIN_TOKEN: {
    verdict: 'retry',
    scope: 'bus',
    remedy:
      'Write a token of at least 16 characters into a file and name it with --admin-token-file, or set SLUICE_ADMIN_TOKEN; or let --admin listen at 127.0.0.1, where none is needed.',
  },
} as const;
