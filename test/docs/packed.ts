import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../harness/sluice-process.ts';

const COMPILER = ['typescript', '@typescript', '@types'];

/** What `npm install ./sluice-0.1.0.tgz` puts into a folder, from what the repository has installed: no network. */
export function installPacked(project: string): void {
  const target = join(project, 'node_modules/sluice');
  mkdirSync(target, { recursive: true });
  const unpacking = ['xf', join(project, 'sluice-0.1.0.tgz'), '--strip-components=1', '-C', target];
  assert.equal(spawnSync('tar', unpacking).status, 0);
  link(project, dependencies(), { sluice: 'sluice/dist/sluice.mjs' });
  // As npm notes where a package comes from.
  const packages = { 'node_modules/sluice': { resolved: 'file:sluice-0.1.0.tgz' } };
  writeFileSync(join(project, 'node_modules/.package-lock.json'), JSON.stringify({ packages }));
}

/** What `npm install --save-dev typescript @types/node` puts there. */
export function installCompiler(project: string): void {
  link(project, COMPILER, { tsc: 'typescript/bin/tsc' });
}

function link(project: string, names: readonly string[], bins: Readonly<Record<string, string>>): void {
  const modules = join(project, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  for (const name of names) {
    mkdirSync(join(modules, name, '..'), { recursive: true });
    symlinkSync(join(REPOSITORY, 'node_modules', name), join(modules, name));
  }
  for (const [name, file] of Object.entries(bins)) symlinkSync(join('..', file), join(modules, '.bin', name));
}

/** What npm installs with the package: what it embeds, and what only development needs, it does not. */
function dependencies(): readonly string[] {
  const lock = JSON.parse(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  return Object.entries(lock.packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path]) => path.slice('node_modules/'.length))
    .filter((name) => existsSync(join(REPOSITORY, 'node_modules', name)));
}
