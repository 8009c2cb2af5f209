import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { VERSION } from '#contract/version.ts';
import { asMap } from '#kit/json-value.ts';
import { packageFolder } from '../../project/package-folder.ts';

/**
 * What the new project's package.json says of Sluice, so that it installs the one that wrote it: the file or the folder that this one comes
 * from, else its version.
 */
export function ownSpec(projectFolder: string): string {
  const source = ownSource(packageFolder());
  if (source === undefined) return VERSION;
  const path = relative(projectFolder, source).replaceAll('\\', '/');
  return `file:${isAbsolute(path) ? path : path.startsWith('.') ? path : `./${path}`}`;
}

/** A clone, or the file that npm installed this package from. */
function ownSource(home: string): string | undefined {
  if (existsSync(join(home, 'runtime'))) return home;
  const modules = dirname(home);
  const record = join(modules, '.package-lock.json');
  if (!existsSync(record)) return undefined;
  const { resolved } = asMap(asMap(asMap(JSON.parse(readFileSync(record, 'utf8')))['packages'])['node_modules/sluice']);
  if (typeof resolved !== 'string' || !resolved.startsWith('file:')) return undefined;
  const file = join(dirname(modules), resolved.slice('file:'.length));
  return existsSync(file) ? file : undefined;
}
