import type { Finding } from './findings.ts';

function text(finding: Finding): string {
  const { severity, file, line, column, code, expected, found, write } = finding;
  const weight = severity === 'error' ? '' : `${severity}: `;
  const said = expected === '' ? found : `expected ${expected}, found ${found}`;
  const head = `${file}:${line}:${column}  ${code}  ${weight}${said}`;
  return write === '' ? head : `${head}\n    write ${write}`;
}

/** For people: one finding a paragraph, `file:line:column  CODE  what`, and beneath it what to write. */
export function findingsText(findings: readonly Finding[]): string {
  return findings.map((finding) => `${text(finding)}\n`).join('');
}

/** For machines: one envelope. `ok` is false as soon as one finding is an error. */
export function findingsEnvelope(findings: readonly Finding[]): {
  readonly ok: boolean;
  readonly findings: readonly Finding[];
} {
  return { ok: findings.every(({ severity }) => severity !== 'error'), findings };
}
