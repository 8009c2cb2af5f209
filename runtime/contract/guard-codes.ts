/** Of `ERRORS`: of messages at a guard. GUARD_REJECTED and GUARD_UNAPPROVED block the message. */
export const GUARD_ERRORS = {
  GUARD_REJECTED: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The guard did not release the message; the text names the step. Its audit file has the record. Fix the publisher or the guard; a replay asks the guard anew.',
  },
  GUARD_UNAPPROVED: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The message needed approval and did not get it in time. A replay asks for it again: sluice approve PIPELINE shows what waits.',
  },
  GUARD_AUDIT: {
    verdict: 'retry',
    scope: 'bus',
    remedy:
      'The guard releases nothing until its audit file, and what waits for approval, can be written. Free space or fix permissions. Where the file was changed by something else, keep it as evidence, move it away, and start the pipeline again.',
  },
} as const;
