/** Of `ERRORS`: of a message's classification label. Their names begin with LABEL_. Where the file names a policy they block the message. */
export const LABEL_ERRORS = {
  LABEL_DUPLICATE: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The message has several headers seclabel, in any spelling, so its label is undefined. Have the publisher write one.',
  },
  LABEL_MALFORMED: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The header seclabel is no label: empty, no text, with blanks around it, with a control or invisible character in it (as U+200B), or longer than 1,024 characters. Fix the publisher.',
  },
  LABEL_MISSING: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The file names a label policy, so a message without a label is blocked. Have the publisher write the header seclabel, or write missingLabel: LABEL in from, the label that is assumed.',
  },
  LABEL_VERSION: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'A label begins with 1;p=POLICY;c=CLASSIFICATION. A banner such as SECRET//NOFORN is none. Fix the publisher.',
  },
  LABEL_POLICY_UNKNOWN: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The label is of another policy than that of the file. Labels are not translated: fix the publisher or the route.',
  },
  LABEL_CLASS_UNKNOWN: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The policy has no such classification. Names are case-sensitive. Fix the publisher, or add it to the policy.',
  },
  LABEL_CATEGORY_UNKNOWN: {
    verdict: 'reject',
    scope: 'message',
    remedy: 'The policy has no such category. Fix the publisher, or add it to the policy.',
  },
  LABEL_VALUE_UNKNOWN: {
    verdict: 'reject',
    scope: 'message',
    remedy: 'The category has no such value in the policy. Fix the publisher, or add it to the policy.',
  },
  LABEL_CATEGORY_REQUIRED: {
    verdict: 'reject',
    scope: 'message',
    remedy: 'The policy requires this category in each label of the classification. Fix the publisher.',
  },
  LABEL_RULE: {
    verdict: 'reject',
    scope: 'message',
    remedy: 'The label breaks a rule of the policy (requires). Fix the publisher.',
  },
  LABEL_CONFLICT: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The header seclabel and the CloudEvents attribute seclabel differ, so the label is undefined. Fix the publisher.',
  },
  LABEL_ABOVE_SOURCE: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The bus carries a message that it must not hold: a spillage. Find the publisher, and remove the message from the bus and its logs by your own procedure.',
  },
  LABEL_BELOW_SOURCE: {
    verdict: 'reject',
    scope: 'message',
    remedy: 'The label is below the floor of the connection. Fix the publisher, or lower floor.',
  },
  LABEL_SIG_MISSING: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The source requires a binding (seclabelsig), and the message has none. Have the publisher sign, or write require: false in binding.',
  },
  LABEL_SIG_INVALID: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The header seclabelsig is no binding, or was not made by the key that it names: label or message may have been changed. Find out who published it.',
  },
  LABEL_SIG_KEY_UNKNOWN: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The binding names a key that the source does not have. Add its public key to binding: { keys: ... }, if it is one of yours.',
  },
  LABEL_SIG_MISMATCH: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The binding is of another label, body, content type or message id: one of them was changed, or the binding was taken from another message.',
  },
  LABEL_SIG_EXPIRED: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The binding has expired, or is of the future. Compare the clocks of the signer and of this machine (5 minutes are allowed).',
  },
  LABEL_DENIED: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The sink may not hold messages of this label, so it was not sent. Send it elsewhere, or release it through a guard. Replay it after a change of the file.',
  },
  LABEL_NO_POLICY: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'A function raises a label, and the file names no policy: write labels: NAME, the policy schemas/NAME.policy.json.',
  },
} as const;
