import type { Finding } from '../project/check/findings.ts';

/** Options that say who a connection is, and never where it leads or which rights it needs. */
const SECRETS = new Set(['password', 'token', 'tokenFile', 'nkey', 'creds']);
const MISSING = new Set(['ENV_MISSING', 'FILE_UNREADABLE']);

export interface NeededReferences {
  /** Of these connections of the pipeline file. */
  readonly connections: ReadonlySet<string>;
  /** Whether the command connects with the identity of the pipeline, or with its TLS alone. Undefined: it does not connect. */
  readonly connects: 'as-pipeline' | 'with-tls' | undefined;
}

/** The references without a value that the command cannot do without: names come from them, and rights would be those of the text `env:NAME`. */
export function missingReferences(
  findings: readonly Finding[],
  { connections, connects }: NeededReferences,
): readonly Finding[] {
  return findings
    .filter(({ code, path }) => {
      if (!MISSING.has(code)) return false;
      const [, section, name = '', ...rest] = path.split('/');
      if (section === 'routes') return true;
      if (section !== 'buses' || !connections.has(name)) return false;
      if (rest.some((word) => SECRETS.has(word))) return connects === 'as-pipeline';
      return rest[0] !== 'tls' || connects !== undefined;
    })
    .map((finding) => ({ ...finding, severity: 'error' }));
}
