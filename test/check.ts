// `npm run check`: types, lint, format and unused code, at the same time. Prints what each one that fails says.
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';

const PROJECT = resolve(import.meta.dirname, '..');

const CHECKS: readonly (readonly [name: string, ...command: string[]])[] = [
  ['types', 'tsc', '--noEmit', '--pretty', 'false'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings'],
  ['format', 'oxfmt', '--check', '.'],
  ['unused code', 'knip', '--no-progress'],
];

interface Result {
  readonly name: string;
  readonly ok: boolean;
  readonly output: string;
  readonly ms: number;
}

function check([name, tool = '', ...args]: readonly [string, ...string[]]): Promise<Result> {
  const startMs = performance.now();
  return new Promise((resolveResult) => {
    const child = spawn(join(PROJECT, 'node_modules/.bin', tool), args, { cwd: PROJECT });
    let output = '';
    const end = (ok: boolean): void => resolveResult({ name, ok, output, ms: performance.now() - startMs });
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    child.stderr.on('data', (chunk) => (output += String(chunk)));
    child.once('error', (error) => {
      output += error.message;
      end(false);
    });
    child.once('close', (code) => end(code === 0));
  });
}

const results = await Promise.all(CHECKS.map(check));
for (const { name, ok, output, ms } of results) {
  process.stdout.write(`${ok ? 'ok  ' : 'FAIL'}  ${name} (${(ms / 1000).toFixed(1)} s)\n`);
  if (!ok) process.stdout.write(`${output.trimEnd()}\n\n`);
}
if (results.some(({ ok }) => !ok)) process.exitCode = 1;
