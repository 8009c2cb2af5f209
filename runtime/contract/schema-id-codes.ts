/** Of `ERRORS`: of bodies that name their schema by an id, and of the registries that gave it. */
export const SCHEMA_ID_ERRORS = {
  SCHEMA_ID_UNKNOWN: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The route does not know the schema of this id. Add its file to schemas/ and its id to ids of the codec, or register it where the codec names a registry, then replay the letter.',
  },
  SCHEMA_ID_UNUSABLE: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The registry has a schema of this id by which the codec cannot read; the text says why. Fix the publisher, or add a schema that the codec reads to schemas/ and its id to ids, then replay the letter.',
  },
  SCHEMA_REGISTRY_DOWN: {
    verdict: 'retry',
    scope: 'bus',
    remedy:
      'The route waits for the schema registry and asks again; no message is lost. Check registry of the codec, the network, and the certificate of the registry (NODE_EXTRA_CA_CERTS).',
  },
  SCHEMA_REGISTRY_REFUSED: {
    verdict: 'retry',
    scope: 'bus',
    remedy:
      'The route waits and asks again; no message is lost. Fix username and password, or token, beside registry, or what they may read; new values are read at the next start.',
  },
  SCHEMA_NOT_REGISTERED: {
    verdict: 'retry',
    scope: 'bus',
    remedy:
      'Register the schema under this subject, or write subject: of the codec, or its id: ids: { NAME: ID }. The bridge registers nothing.',
  },
} as const;
