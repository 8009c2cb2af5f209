import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const BROKERS_FOLDER = resolve(import.meta.dirname, '../../.brokers');
const NATS_VERSION = 'v2.15.2';
const GO_INSTALL_MS = 600_000;
const APT_MS = 300_000;

/** Where a tool was found, or why it is not there and what would change that. */
export type Provision =
  | { readonly found: true; readonly binary: string }
  | { readonly found: false; readonly reason: string };

/** Everything the tests can ask for by name. */
export type Tool = 'nats-server' | 'mosquitto' | 'openssl';

function onPath(name: string): string | undefined {
  // Debian keeps servers in /usr/sbin, which is not in an ordinary user's PATH.
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

async function natsByGo(): Promise<Provision> {
  const module = `github.com/nats-io/nats-server/v2@${NATS_VERSION}`;
  const bin = join(BROKERS_FOLDER, 'bin');
  const binary = join(bin, 'nats-server');
  const stamp = `${binary}.stamp`;
  if (existsSync(binary) && existsSync(stamp) && readFileSync(stamp, 'utf8') === NATS_VERSION) {
    return { found: true, binary };
  }
  const go = onPath('go') ?? (existsSync('/usr/local/go/bin/go') ? '/usr/local/go/bin/go' : undefined);
  const command = `GOBIN=.brokers/bin go install ${module}`;
  if (go === undefined) return { found: false, reason: `no nats-server and no go; would be provided by: ${command}` };
  // Beside its place and then renamed: test files provision at the same time.
  const partial = join(BROKERS_FOLDER, `partial-${process.pid}`);
  try {
    mkdirSync(bin, { recursive: true });
    await run(go, ['install', module], {
      env: { ...process.env, GOBIN: partial },
      timeout: GO_INSTALL_MS,
    });
    renameSync(join(partial, 'nats-server'), binary);
    writeFileSync(stamp, NATS_VERSION);
    return { found: true, binary };
  } catch (error) {
    const text = error instanceof Error ? error.message.trim().split('\n').slice(-3).join(' ') : String(error);
    return { found: false, reason: `no nats-server, and \`${command}\` failed: ${text}` };
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

function mayInstall(): boolean {
  const contained = process.env['CI'] === 'true' || existsSync('/.dockerenv') || existsSync('/run/.containerenv');
  return process.getuid?.() === 0 && contained && existsSync('/etc/debian_version');
}

/** apt-get waits for no other one. */
let lastInstall: Promise<unknown> = Promise.resolve();

async function byApt(name: Tool): Promise<Provision> {
  const command = `apt-get update && apt-get install -y --no-install-recommends ${name}`;
  if (!mayInstall()) return { found: false, reason: `no ${name}; would be provided by: ${command}` };
  // RUNLEVEL: the service that the package would start is none of ours.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  lastInstall = lastInstall.then(() => run('sh', ['-c', command], { env, timeout: APT_MS }).catch(() => undefined));
  await lastInstall;
  const binary = onPath(name);
  return binary === undefined
    ? { found: false, reason: `no ${name}, and \`${command}\` failed` }
    : { found: true, binary };
}

const provided = new Map<Tool, Promise<Provision>>();

/** Finds the tool, or provides it where that may be done; asked again it answers the same. */
export function provide(tool: Tool): Promise<Provision> {
  const known = provided.get(tool);
  if (known !== undefined) return known;
  const binary = onPath(tool);
  const provision =
    binary !== undefined
      ? Promise.resolve({ found: true as const, binary })
      : tool === 'nats-server'
        ? natsByGo()
        : byApt(tool);
  provided.set(tool, provision);
  return provision;
}

/** The path of a tool that a law has already named among its needs. Throws the reason where it is missing. */
export async function binaryOf(tool: Tool): Promise<string> {
  const provision = await provide(tool);
  if (!provision.found) throw new Error(provision.reason);
  return provision.binary;
}
