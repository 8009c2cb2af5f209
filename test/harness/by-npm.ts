import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Found } from '../../runtime/infra/found.ts';
import { isStamped, lastWords, makeStamped } from '../../runtime/infra/stamped.ts';

const run = promisify(execFile);
const NPM_MS = 300_000;

/** A program in a package of npm; which registry is for npm's own settings to say. */
export interface NpmProgram {
  readonly name: string;
  readonly package: string;
  readonly version: string;
  /** Path in the package. */
  readonly file: string;
}

/** Fetches the program into the folder, once per version. Scripts of the package do not run. */
export async function byNpm({ name, version, file, ...program }: NpmProgram, folder: string): Promise<Found> {
  const path = join(folder, 'bin', name);
  const wanted = { path, version };
  if (isStamped(wanted)) return { found: true, path };
  const spec = `${program.package}@${version}`;
  try {
    await makeStamped(wanted, async (partial) => {
      mkdirSync(partial, { recursive: true });
      const quietly = ['--no-audit', '--no-fund', '--ignore-scripts', '--no-save'];
      await run('npm', ['install', '--prefix', partial, ...quietly, spec], { timeout: NPM_MS });
      return join(partial, 'node_modules', program.package, file);
    });
    return { found: true, path };
  } catch (error) {
    return { found: false, reason: `no ${name}, and \`npm install ${spec}\` failed: ${lastWords(error)}` };
  }
}
