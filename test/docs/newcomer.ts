import { spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { waitFor } from '../harness/wait-for.ts';
import { REPOSITORY } from '../harness/sluice-process.ts';

const CLONED =
  'package.json build.mjs tsconfig.json README.md CHANGELOG.md SECURITY.md LICENSE docs runtime pipelines functions schemas'.split(
    ' ',
  );

/** What a newcomer has after `npm ci` in a clone that nobody has worked in. */
export interface Newcomer extends Disposable {
  /** The folder that holds the clone. */
  readonly home: string;
  readonly clone: string;
  write(path: string, text: string): void;
}

export function newcomer(): Newcomer {
  const folder = temporaryFolder('newcomer');
  const clone = join(folder.path, 'sluice');
  mkdirSync(clone);
  for (const name of CLONED) cpSync(join(REPOSITORY, name), join(clone, name), { recursive: true });
  symlinkSync(join(REPOSITORY, 'node_modules'), join(clone, 'node_modules'));
  // The word of the pages; README says what it stands for.
  const bin = join(folder.path, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'sluice'), `#!/bin/sh\nexec node ${join(clone, 'dist/sluice.mjs')} "$@"\n`);
  chmodSync(join(bin, 'sluice'), 0o755);
  return {
    home: folder.path,
    clone,
    write(path, text) {
      mkdirSync(dirname(join(clone, path)), { recursive: true });
      writeFileSync(join(clone, path), text);
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

/** A shell in which lines are typed one after another; what is exported stays. */
export interface Shell {
  /** Types a line and waits for its end. */
  type(line: string): Promise<Typed>;
  /** Types a line that does not end by itself, waits until it has written `until`, and stops it. */
  typeUntil(line: string, until: { test(output: string): boolean }): Promise<Typed>;
}

export interface Typed {
  readonly code: number | NodeJS.Signals;
  readonly output: string;
}

const LONGEST_MS = 120_000;

export function openShell(
  { home }: Pick<Newcomer, 'home'>,
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Shell {
  const exported: string[] = [];
  const start = (line: string) => {
    // The Node of the tests is the one that README asks for.
    const path = [join(home, 'bin'), dirname(process.execPath), process.env['PATH']].join(':');
    const text = [...exported, line.includes('&&') ? line : `exec ${line}`].join('\n');
    const child = spawn('sh', ['-c', text], {
      cwd,
      env: { PATH: path, HOME: home, npm_config_update_notifier: 'false', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text_: string) => (output += text_));
    let code: Typed['code'] | undefined;
    child.once('close', (exit, signal) => (code = exit ?? signal ?? -1));
    const ended = async (): Promise<Typed> => {
      const found = await waitFor(() => code, LONGEST_MS, `the end of ${line}`).finally(() => child.kill('SIGKILL'));
      return { code: found, output };
    };
    return { child, output: () => output, ended };
  };
  return {
    async type(line) {
      if (!line.startsWith('export ')) return start(line).ended();
      exported.push(line);
      return { code: 0, output: '' };
    },
    async typeUntil(line, until) {
      const { child, output, ended } = start(line);
      await waitFor(() => until.test(output()) || child.exitCode !== null, LONGEST_MS, `what ends ${line}`);
      child.kill('SIGTERM');
      return ended();
    },
  };
}
