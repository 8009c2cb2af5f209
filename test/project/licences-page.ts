// `node test/project/licences-page.ts` writes docs/licences.md; a test fails when it drifts.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { asMap } from '#kit/json-value.ts';

export const PAGE = fileURLToPath(new URL('../../docs/licences.md', import.meta.url));
const LOCK = fileURLToPath(new URL('../../package-lock.json', import.meta.url));

/** Those that ask for no more than their notice. */
export const PERMISSIVE = [
  '0BSD',
  'Apache-2.0',
  '(Apache-2.0 AND BSD-3-Clause)',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'Unlicense',
];

/** A package that a bridge may run or that a bundle may hold. */
export interface Dependency {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
}

/** What package-lock.json installs without what only the development needs, each name and version once. */
export function dependencies(): readonly Dependency[] {
  const { packages } = asMap(JSON.parse(readFileSync(LOCK, 'utf8')));
  const found = Object.entries(asMap(packages)).flatMap(([path, value]) => {
    const { dev, version, license } = asMap(value);
    const name = path.split('node_modules/').at(-1) ?? '';
    return name === '' || dev === true ? [] : [{ name, version: String(version), licence: String(license) }];
  });
  const once = new Map(found.map((one) => [`${one.name} ${one.version}`, one]));
  return [...once.values()].toSorted(
    (a, b) => a.name.localeCompare(b.name, 'en') || a.version.localeCompare(b.version),
  );
}

export function licencesPage(): string {
  const rows = dependencies().map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`);
  return `# Licences

Sluice is under Apache-2.0. These packages it brings along: \`npm ci\` installs them, and a bundle holds those that its pipeline
needs; their notices lie beside it in \`NAME.licences.txt\`. This page is
generated from \`package-lock.json\` by \`node test/project/licences-page.ts\`; a test fails when it drifts, or when a licence
asks for more than its notice.

| package | version | licence |
| --- | --- | --- |
${rows.join('\n')}
`;
}

if (import.meta.main) writeFileSync(PAGE, licencesPage());
