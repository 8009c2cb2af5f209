import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Found } from './found.ts';

const run = promisify(execFile);
const APT_MS = 900_000;

// Without the policy a package with a service starts it at once, where a system manager runs.
const QUIETLY = `
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > "$policy" && chmod 755 "$policy"
fi
apt-get update && apt-get install -y --no-install-recommends "$1"`;

function mayInstall(): boolean {
  const contained = process.env['CI'] === 'true' || existsSync('/.dockerenv') || existsSync('/run/.containerenv');
  return process.getuid?.() === 0 && contained && existsSync('/etc/debian_version');
}

/** apt-get waits for no other one. */
let lastInstall: Promise<unknown> = Promise.resolve();

/** Installs a Debian package where that may be done: as root, in a container or CI. `find` looks for what it brings. */
export async function byApt(packageName: string, find: () => string | undefined): Promise<Found> {
  const present = find();
  if (present !== undefined) return { found: true, path: present };
  const command = `apt-get update && apt-get install -y --no-install-recommends ${packageName}`;
  if (!mayInstall()) return { found: false, reason: `no ${packageName}; would be provided by: ${command}` };
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const install = ['-c', QUIETLY, 'install', packageName];
  lastInstall = lastInstall.then(async () => {
    // One package may bring several tools.
    if (find() === undefined) await run('sh', install, { env, timeout: APT_MS }).catch(() => undefined);
  });
  await lastInstall;
  const path = find();
  return path === undefined
    ? { found: false, reason: `no ${packageName}, and \`${command}\` failed` }
    : { found: true, path };
}
