import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const NOTICE = /^(licen[cs]e|copying|notice)/i;
/** The folder of the package that a file belongs to. */
const PACKAGE = /^(.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+)[/\\]/;

/**
 * The notices of every package of which a bundle holds a part: their licences allow distribution only together with them.
 * `inputs`: the files that were bundled. `folder`: the base of their paths.
 */
export function noticesOf(inputs: readonly string[], folder: string): string {
  const packages = new Set(inputs.flatMap((input) => PACKAGE.exec(resolve(folder, input))?.[1] ?? []));
  const notices = [...packages].map((path) => ({ title: titleOf(path), texts: textsOf(path) }));
  return notices
    .toSorted((a, b) => a.title.localeCompare(b.title, 'en'))
    .map(({ title, texts }) => [title, '='.repeat(title.length), ...texts].join('\n'))
    .join('\n\n');
}

function titleOf(path: string): string {
  const manifest: unknown = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  const stated = (name: string): string => {
    const value: unknown = typeof manifest === 'object' && manifest !== null ? Reflect.get(manifest, name) : undefined;
    return typeof value === 'string' ? value : '';
  };
  return `${stated('name')} ${stated('version')} (${stated('license')})`;
}

function textsOf(path: string): readonly string[] {
  const files = readdirSync(path, { withFileTypes: true }).filter((file) => file.isFile() && NOTICE.test(file.name));
  return files.map(({ name }) => readFileSync(join(path, name), 'utf8').trim());
}
