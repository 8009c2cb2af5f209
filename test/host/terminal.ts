import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import type { TestContext } from 'node:test';
import { waitFor } from '../harness/wait-for.ts';

/** A process of Node whose standard streams are a terminal of 100 columns. Ended with its handle. */
export interface Terminal extends AsyncDisposable {
  /** All that was written to it, escape sequences included. */
  shown(): string;
  /** Types Ctrl-C. */
  interrupt(): void;
  ended(deadlineMs: number): Promise<number>;
}

/** Undefined, and the test is skipped, where there is no script(1) to make a terminal with. */
export function openTerminal(t: TestContext, args: readonly string[], cwd: string): Terminal | undefined {
  const script = ['/usr/bin/script', '/bin/script'].find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (script === undefined) {
    t.skip('no script(1) to make a terminal with; would be provided by: apt-get install -y bsdutils');
    return undefined;
  }
  const command = `stty cols 100; exec ${[process.execPath, ...args].join(' ')}`;
  const child = spawn(script, ['-qec', command, '/dev/null'], {
    cwd,
    env: { PATH: process.env['PATH'], TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (shown += chunk));
  let code: number | null | undefined;
  child.once('close', (exit) => (code = exit));
  return {
    shown: () => shown,
    interrupt: () => void child.stdin.write('\u0003'),
    ended: (deadlineMs) => waitFor(() => code ?? undefined, deadlineMs, 'the process in a terminal to end'),
    async [Symbol.asyncDispose]() {
      if (code === undefined) child.kill('SIGKILL');
      await waitFor(() => code !== undefined, 10_000, 'the end of a killed terminal');
    },
  };
}

const TOKEN = /\u001B\[(\d+)A|\u001B\[0J|\r?\n|\r|[^\u001B\r\n]+/g;

/** The lines that a terminal shows after these characters: it knows line breaks, the cursor upwards and the clearing below. */
export function linesShown(written: string): readonly string[] {
  let lines = [''];
  let row = 0;
  for (const [token, up] of written.matchAll(TOKEN)) {
    if (up !== undefined) row = Math.max(0, row - Number(up));
    else if (token === '\u001B[0J') lines = [...lines.slice(0, row), ''];
    else if (token.endsWith('\n')) {
      row += 1;
      if (row === lines.length) lines.push('');
    } else if (token !== '\r') lines[row] += token;
  }
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}
