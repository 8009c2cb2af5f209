import { SluiceError } from '#contract/errors.ts';
import { pause } from '#kit/deadline.ts';
import { harmless } from '#kit/printable.ts';
import type { Command } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { fitted, newScreen } from './screen.ts';
import { type AskStatus, STATUS_OPTIONS, statusClient, TOKEN_HELP } from './status-client.ts';
import { tellFailure } from './tell-failure.ts';
import { jsonLine } from './output.ts';

const EVERY_MS = 1000;

/** The status of a pipeline, drawn again each second until q or Ctrl-C. */
export const top: Command = {
  usage: 'URL [--json] [--admin-token-file FILE]',
  help: { ...TOKEN_HELP, '--json': 'print one line of JSON a second, as GET /status answers it' },
  examples: [
    ['http://127.0.0.1:9090', 'until q or Ctrl-C'],
    ['https://bridge.example:9090 --admin-token-file token', 'of another machine'],
  ],
  options: STATUS_OPTIONS,
  words: [0, 1],
  async run(given) {
    const ended = new AbortController();
    const restore = untilTold(ended);
    try {
      const ask = statusClient(given);
      return given.values['json'] === true ? await printLines(ask, ended.signal) : await drawScreens(ask, ended.signal);
    } catch (thrown) {
      if (!(thrown instanceof SluiceError)) throw thrown;
      return tellFailure(thrown);
    } finally {
      restore();
    }
  },
};

/** Ends at q, Ctrl-C, a signal, or when nobody reads any more. The function returned gives the keyboard back. */
function untilTold(ended: AbortController): () => void {
  const { stdin, stdout } = process;
  const end = (): void => ended.abort();
  const onKey = (key: Buffer): void => {
    // Ctrl-C is a key while the terminal is raw.
    if (['q', 'Q', '\u0003', '\u0004'].includes(key.toString())) end();
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  stdout.on('error', end);
  const isRaw = stdin.isTTY && stdout.isTTY;
  if (isRaw) {
    stdin.setRawMode(true);
    stdin.on('data', onKey);
  }
  return () => {
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
    if (!isRaw) return;
    stdin.off('data', onKey);
    stdin.setRawMode(false);
    stdin.pause();
  };
}

/** The first answer must come: the URL may be wrong. A pipeline that goes away later may come back. */
async function printLines(ask: AskStatus, ended: AbortSignal): Promise<ExitCode> {
  for (let isFirst = true; !ended.aborted; isFirst = false) {
    const { text } = await ask().catch((thrown: unknown) => {
      if (isFirst || !(thrown instanceof SluiceError)) throw thrown;
      return { text: jsonLine('top', { error: { code: thrown.code, text: thrown.message } }) };
    });
    if (!ended.aborted) process.stdout.write(text);
    await pause(EVERY_MS, ended);
  }
  return EXIT.fine;
}

async function drawScreens(ask: AskStatus, ended: AbortSignal): Promise<ExitCode> {
  const { stdout } = process;
  const screen = stdout.isTTY ? newScreen(stdout) : undefined;
  try {
    for (let isFirst = true; !ended.aborted; isFirst = false) {
      const lines = await ask().then(
        ({ lines: all }) => all,
        (thrown: unknown) => {
          if (isFirst || !(thrown instanceof SluiceError)) throw thrown;
          return [harmless(`${thrown.code}  ${thrown.message}. Trying again.`)];
        },
      );
      if (ended.aborted) break;
      if (screen === undefined) stdout.write(`${lines.join('\n')}\n\n`);
      else {
        const room = Math.max(1, (stdout.rows || 24) - 2);
        screen.draw([...lines.slice(0, room), 'q ends'].map((line) => fitted(line, stdout.columns)));
      }
      await pause(EVERY_MS, ended);
    }
  } finally {
    screen?.leave();
  }
  return EXIT.fine;
}
