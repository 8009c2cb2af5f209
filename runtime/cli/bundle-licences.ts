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
  const titles = [...packages].map((path) => [titleOf(path), textsOf(path).join('\n')] as const);
  // Many packages have the same text, of 11 kB.
  const byText = Map.groupBy(
    titles.toSorted(([a], [b]) => a.localeCompare(b, 'en')),
    ([, text]) => text,
  );
  return [...byText]
    .map(([text, alike]) => [...alike.map(([title]) => `${title}\n${'='.repeat(title.length)}`), text].join('\n'))
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
