import { spawn } from 'node:child_process';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { watchProject } from './watch-project.ts';

/** A terminal is cleared, and what was in it before stays in its history. */
const CLEAR = '\u001B[H\u001B[2J';

/**
 * Checks now and after each change, until Ctrl-C or SIGTERM. Each check is a process of its own: a module that was loaded once
 * cannot be loaded anew.
 */
export async function checkOnChange(file: string, options: readonly string[]): Promise<ExitCode> {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end());
  process.stdout.on('error', () => end());
  const [main = ''] = process.argv.slice(1);
  let running: Promise<void> | undefined;
  let isStale = false;
  const checkOnce = (): Promise<void> =>
    new Promise((done) => {
      if (process.stdout.isTTY) process.stdout.write(CLEAR);
      const child = spawn(process.execPath, [...process.execArgv, main, 'check', file, ...options], {
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      child.once('close', () => done());
    });
  const check = async (): Promise<void> => {
    do {
      isStale = false;
      await checkOnce();
    } while (isStale);
    running = undefined;
    process.stderr.write(`Waiting for a change of ${file}, its functions or schemas; Ctrl-C ends.\n`);
  };
  const changed = (): void => {
    isStale = true;
    running ??= check();
  };
  using _ = watchProject(file, changed);
  changed();
  await ended;
  return EXIT.fine;
}
