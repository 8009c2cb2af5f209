import { execFile } from 'node:child_process';
import { messageOf } from '#contract/errors.ts';

const LONGEST = 64 * 1024 * 1024;
const DEADLINE_MS = 60_000;

/** Why git has no answer. `isEnvironment`: git itself is missing or does not end, and the arguments are not at fault. */
export class GitFailure extends Error {
  override readonly name = 'GitFailure';
  readonly isEnvironment: boolean;

  constructor(message: string, isEnvironment: boolean) {
    super(message);
    this.isEnvironment = isEnvironment;
  }
}

/**
 * The files of one folder at a revision, by name: the folder's own, none below it. Empty where the revision does not have the
 * folder. Throws GitFailure.
 */
export async function filesAt(revision: string, home: string, folder: string): Promise<ReadonlyMap<string, string>> {
  const commit = await commitOf(revision, home);
  const listed = await git(home, ['ls-tree', '-z', '--name-only', commit, '--', `${folder}/`]);
  const files = new Map<string, string>();
  for (const path of listed.split('\0')) {
    if (!path.endsWith('.json')) continue;
    files.set(path.slice(folder.length + 1), await git(home, ['show', `${commit}:./${path}`]));
  }
  return files;
}

async function commitOf(revision: string, home: string): Promise<string> {
  // Git would read it as an option.
  if (revision === '' || revision.startsWith('-')) throw unknownRevision(revision);
  if (!(await succeeds(home, ['rev-parse', '--git-dir'])))
    throw new GitFailure(`expected a folder of a git repository, found ${home}`, false);
  try {
    return (await git(home, ['rev-parse', '--verify', '--quiet', `${revision}^{commit}`])).trim();
  } catch (thrown) {
    if (thrown instanceof GitFailure && thrown.isEnvironment) throw thrown;
    throw unknownRevision(revision);
  }
}

function unknownRevision(revision: string): GitFailure {
  return new GitFailure(
    `expected a commit, tag or branch that git knows here, found ${revision || 'an empty word'}`,
    false,
  );
}

async function succeeds(home: string, args: readonly string[]): Promise<boolean> {
  try {
    await git(home, args);
    return true;
  } catch (thrown) {
    if (thrown instanceof GitFailure && thrown.isEnvironment) throw thrown;
    return false;
  }
}

function git(home: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const settings = { cwd: home, maxBuffer: LONGEST, timeout: DEADLINE_MS, env: { ...process.env, LC_ALL: 'C' } };
    execFile('git', [...args], settings, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      if (error.code === 'ENOENT')
        return reject(
          new GitFailure(
            'expected the command git, found none: install it, or compare two files with `sluice schema diff`',
            true,
          ),
        );
      reject(
        new GitFailure(`git ${args[0] ?? ''} failed: ${stderr.trim() || messageOf(error)}`, error.killed === true),
      );
    });
  });
}
