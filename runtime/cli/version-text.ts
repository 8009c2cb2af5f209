import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION } from '#contract/version.ts';
import { packageFolder } from '../project/package-folder.ts';

/** Written by build.mjs; empty where it found no commit. */
declare const SLUICE_COMMIT: string | undefined;

/** `0.1.0 (b8c5b28)`; `-dirty` behind the commit where the files were others. */
export function versionText(): string {
  const commit = typeof SLUICE_COMMIT === 'undefined' ? commitOfClone() : SLUICE_COMMIT;
  return `${VERSION} (${commit === '' ? 'commit unknown' : commit})`;
}

function commitOfClone(): string {
  const cwd = packageFolder();
  // A repository around it is another one.
  if (!existsSync(join(cwd, '.git'))) return '';
  try {
    const args = ['describe', '--always', '--dirty', '--exclude', '*'];
    return execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}
