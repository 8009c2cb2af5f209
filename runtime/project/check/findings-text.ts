import type { Finding, Severity } from './findings.ts';

/** The most severe last: the end of the output is visible in a terminal. */
const ORDER: readonly Severity[] = ['notice', 'warning', 'error'];

function text(finding: Finding): string {
  const { severity, file, line, column, code, expected, found, write } = finding;
  const said = expected === '' ? found : `expected ${expected}, found ${found}`;
  const head = `${file}:${line}:${column}  ${code}  ${severity}: ${said}`;
  return write === '' ? head : `${head}\n    write ${write}`;
}

/** For people: a paragraph for each finding, `file:line:column  CODE  severity: text`, then the text to write. Errors come last. */
export function findingsText(findings: readonly Finding[]): string {
  const ordered = ORDER.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
  return ordered.map((finding) => `${text(finding)}\n`).join('');
}

/** Errors and warnings. */
export function withoutNotices(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ severity }) => severity !== 'notice');
}

/** For machines: one envelope. `ok` is false as soon as one finding is an error. */
export function findingsEnvelope(findings: readonly Finding[]): {
  readonly ok: boolean;
  readonly findings: readonly Finding[];
} {
  return { ok: findings.every(({ severity }) => severity !== 'error'), findings };
}
