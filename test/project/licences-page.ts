// `node test/project/licences-page.ts` writes docs/licences.md; a test fails when it drifts.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { asList, asMap } from '#kit/json-value.ts';

export const PAGE = fileURLToPath(new URL('../../docs/licences.md', import.meta.url));
const MANIFEST = fileURLToPath(new URL('../../package.json', import.meta.url));
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

/** What package-lock.json installs without what only the development needs, and what the package embeds, each name and version once. */
export function dependencies(): readonly Dependency[] {
  const packages = asMap(asMap(JSON.parse(readFileSync(LOCK, 'utf8')))['packages']);
  const { embeddedDependencies } = asMap(JSON.parse(readFileSync(MANIFEST, 'utf8')));
  const paths = new Set(Object.keys(packages).filter((path) => path !== '' && asMap(packages[path])['dev'] !== true));
  const follow = (name: string, from: string): void => {
    const path = installed(packages, name, from);
    if (path === undefined || paths.has(path)) return;
    paths.add(path);
    for (const other of Object.keys(asMap(asMap(packages[path])['dependencies']))) follow(other, path);
  };
  for (const name of asList(embeddedDependencies)) follow(String(name), '');
  const found = [...paths].map((path) => {
    const { version, license } = asMap(packages[path]);
    return { name: path.split('node_modules/').at(-1) ?? '', version: String(version), licence: String(license) };
  });
  const once = new Map(found.map((one) => [`${one.name} ${one.version}`, one]));
  return [...once.values()].toSorted(
    (a, b) => a.name.localeCompare(b.name, 'en') || a.version.localeCompare(b.version),
  );
}

/** The path of a package in the lock file, as Node finds it from a package that imports it. */
function installed(packages: Readonly<Record<string, unknown>>, name: string, from: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (packages[path] !== undefined) return path;
    if (folder === '') return undefined;
  }
}

export function licencesPage(): string {
  const rows = dependencies().map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`);
  return `# Licences

Sluice is under Apache-2.0. These packages it brings along: installed with it, or embedded in it, and a bundle holds those that its pipeline
needs; their notices lie beside it in \`NAME.licences.txt\`. This page is
generated from \`package-lock.json\` by \`node test/project/licences-page.ts\`; a test fails when it drifts, or when a licence
asks for more than its notice.

| package | version | licence |
| --- | --- | --- |
${rows.join('\n')}
`;
}

if (import.meta.main) writeFileSync(PAGE, licencesPage());
