// `prepublishOnly`: nothing is published by accident. A dry run passes.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const PROJECT = join(import.meta.dirname, '../..');

/** What speaks against publishing this commit. */
export function publishRefusals(release: {
  readonly version: string;
  readonly changes: string;
  readonly tags: readonly string[];
  readonly changelog: string;
}): readonly string[] {
  const { version, changes, tags, changelog } = release;
  return [
    ...(changes === '' ? [] : [`expected a tree without changes, found\n${changes}`]),
    ...(tags.includes(`v${version}`) ? [] : [`expected the tag v${version} at this commit: git tag v${version}`]),
    ...(changelog.includes(`\n## ${version}\n`) ? [] : [`expected a section ${version} in CHANGELOG.md`]),
  ];
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: PROJECT, encoding: 'utf8' }).trimEnd();
}

if (import.meta.main && process.env['npm_config_dry_run'] !== 'true') {
  const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as { version: string };
  const refusals = publishRefusals({
    version,
    changes: git('status', '--porcelain'),
    tags: git('tag', '--points-at', 'HEAD').split('\n'),
    changelog: readFileSync(join(PROJECT, 'CHANGELOG.md'), 'utf8'),
  });
  if (refusals.length > 0) {
    process.stderr.write(`npm publish is refused:\n${refusals.map((line) => `  ${line}\n`).join('')}`);
    process.exitCode = 1;
  }
}
