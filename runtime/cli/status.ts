import { SluiceError } from '#contract/errors.ts';
import type { Command } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { STATUS_OPTIONS, statusClient, TOKEN_HELP } from './status-client.ts';
import { tellFailure } from './tell-failure.ts';

/** For scripts: 0 where all is well, 1 where something is degraded or down. */
export const status: Command = {
  usage: 'URL [--json] [--admin-token-file FILE]',
  help: { ...TOKEN_HELP, '--json': 'print what GET /status answers' },
  examples: [
    ['http://127.0.0.1:9090', 'one screen'],
    ['http://127.0.0.1:9090 --json', 'for a probe'],
  ],
  options: STATUS_OPTIONS,
  words: [0, 1],
  async run(given) {
    try {
      const { status: found, lines, text } = await statusClient(given)();
      process.stdout.write(given.values['json'] === true ? text : `${lines.join('\n')}\n`);
      return found.state === 'ok' ? EXIT.fine : EXIT.unwell;
    } catch (thrown) {
      if (!(thrown instanceof SluiceError)) throw thrown;
      return tellFailure(thrown);
    }
  },
};
