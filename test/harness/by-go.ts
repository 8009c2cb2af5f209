import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onPath } from './on-path.ts';
import type { Found } from './found.ts';
import { BROKERS_FOLDER, isStamped, lastWords, makeStamped } from './stamped.ts';

const run = promisify(execFile);
const GO_INSTALL_MS = 600_000;

/** Builds a program from its Go module, once per version. */
export async function byGo(name: string, module: string, version: string): Promise<Found> {
  const path = join(BROKERS_FOLDER, 'bin', name);
  const wanted = { path, version };
  if (isStamped(wanted)) return { found: true, path };
  const go = onPath('go') ?? (existsSync('/usr/local/go/bin/go') ? '/usr/local/go/bin/go' : undefined);
  const command = `GOBIN=.brokers/bin go install ${module}@${version}`;
  if (go === undefined) return { found: false, reason: `no ${name} and no go; would be provided by: ${command}` };
  try {
    await makeStamped(wanted, async (partial) => {
      const env = { ...process.env, GOBIN: partial };
      await run(go, ['install', `${module}@${version}`], { env, timeout: GO_INSTALL_MS });
      return join(partial, name);
    });
    return { found: true, path };
  } catch (error) {
    return { found: false, reason: `no ${name}, and \`${command}\` failed: ${lastWords(error)}` };
  }
}
