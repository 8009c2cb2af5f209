import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { asMap, own } from '#kit/json-value.ts';
import { onPath } from './on-path.ts';
import type { Found } from './found.ts';
import { isStamped, lastWords, makeStamped } from './stamped.ts';

const run = promisify(execFile);
const GO_BUILD_MS = 1_800_000;

/** A program that Go builds from a module, at a version of it. */
export interface GoProgram {
  readonly name: string;
  readonly module: string;
  readonly version: string;
  /**
   * The program's folder in the module, where `go install` refuses the module because its go.mod replaces another one.
   * It is then built inside the module, with the versions and checksums that the module itself states.
   */
  readonly folder?: string;
}

type Go = (args: readonly string[], cwd?: string) => Promise<string>;

/** Leaves the program in `partial`. */
async function build(go: Go, { name, module, version, folder }: GoProgram, partial: string): Promise<void> {
  if (folder === undefined) {
    await go(['install', `${module}@${version}`]);
    return;
  }
  const answer: unknown = JSON.parse(await go(['mod', 'download', '-json', `${module}@${version}`]));
  const source = own(asMap(answer), 'Dir');
  if (typeof source !== 'string') throw new Error(`go does not say where ${module}@${version} is`);
  // Without its symbols, which nobody looks at: a third of the size.
  const flags = ['-mod=readonly', '-trimpath', '-ldflags=-s -w'];
  await go(['build', ...flags, '-o', join(partial, name), `./${folder}`], source);
}

/** Each takes every core. The small ones are asked for first and not held up by the large ones. */
let lastBuild: Promise<unknown> = Promise.resolve();

/** Builds a program from its Go module into `bin` of the folder, once per version. */
export async function byGo(program: GoProgram, into: string): Promise<Found> {
  const { name, module, version, folder } = program;
  const path = join(into, 'bin', name);
  const wanted = { path, version };
  if (isStamped(wanted)) return { found: true, path };
  const binary = onPath('go') ?? (existsSync('/usr/local/go/bin/go') ? '/usr/local/go/bin/go' : undefined);
  const command =
    folder === undefined
      ? `GOBIN=${join(into, 'bin')} go install ${module}@${version}`
      : `go mod download ${module}@${version}, and there go build ./${folder}`;
  if (binary === undefined) return { found: false, reason: `no ${name} and no go; would be provided by: ${command}` };
  const made = lastBuild.then(() =>
    makeStamped(wanted, async (partial) => {
      mkdirSync(partial, { recursive: true });
      // No C compiler, and no workspace of whoever runs this.
      const env = { ...process.env, GOBIN: partial, CGO_ENABLED: '0', GOWORK: 'off' };
      const go: Go = async (args, cwd = partial) =>
        (await run(binary, args, { cwd, env, timeout: GO_BUILD_MS })).stdout;
      await build(go, program, partial);
      return join(partial, name);
    }),
  );
  lastBuild = made.catch(() => {});
  try {
    await made;
    return { found: true, path };
  } catch (error) {
    return { found: false, reason: `no ${name}, and \`${command}\` failed: ${lastWords(error)}` };
  }
}
