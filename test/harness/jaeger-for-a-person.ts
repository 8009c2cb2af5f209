// `npm run jaeger`: a Jaeger on the ports that everybody expects, until Ctrl-C. What it was sent goes with it.
import { parseArgs } from 'node:util';
import { startJaeger } from './jaeger.ts';
import { portOpen } from '../../runtime/infra/probe.ts';
import { provide, wayTo } from './provide.ts';

const USAGE = `usage: npm run jaeger -- [--otlp-port 4318] [--query-port 16686]

Starts Jaeger on loopback, in memory: traces by OTLP over HTTP at the first port, its query API at the second.
`;

const WATCH_MS = 500;

const { values } = parseArgs({
  options: {
    'otlp-port': { type: 'string', default: '4318' },
    'query-port': { type: 'string', default: '16686' },
    help: { type: 'boolean', default: false },
  },
});
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Before the server is started: whose signals these are is decided then. */
const stopped = new Promise<'stopped'>((resolve) => {
  process.once('SIGINT', () => resolve('stopped'));
  process.once('SIGTERM', () => resolve('stopped'));
});

function portOf(flag: 'otlp-port' | 'query-port'): number {
  const port = Number(values[flag]);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error(`--${flag} ${values[flag]}: no port\n${USAGE}`);
  return port;
}

/** Why it cannot be started, or undefined. */
async function obstacle(ports: { readonly otlp: number; readonly query: number }): Promise<string | undefined> {
  for (const [flag, port] of [
    ['otlp-port', ports.otlp],
    ['query-port', ports.query],
  ] as const) {
    if (await portOpen(port)) {
      const other = `npm run jaeger -- --${flag} ${port + 1}`;
      return `port ${port} of 127.0.0.1 is in use, perhaps by another Jaeger or a collector. End it, or write: ${other}`;
    }
  }
  const slow = setTimeout(() => say(`jaeger: not here yet, being ${wayTo('jaeger')}`), 2000);
  const found = await provide('jaeger');
  clearTimeout(slow);
  return found.found ? undefined : found.reason;
}

async function main(): Promise<number> {
  const ports = { otlp: portOf('otlp-port'), query: portOf('query-port') };
  const reason = await obstacle(ports);
  if (reason !== undefined) {
    process.stderr.write(`${reason}\n`);
    return 1;
  }
  await using jaeger = await startJaeger({ ports });
  say(`Jaeger 2 takes traces at   ${jaeger.url} (OTLP over HTTP)
and answers questions at   ${jaeger.queryUrl}/api/v3/services and ${jaeger.queryUrl}/api/v3/traces/ID

It is built from its Go module, which is without the pages of Jaeger: a browser sees the answers alone.

In another terminal:
  OTEL_EXPORTER_OTLP_ENDPOINT=${jaeger.url} npm start

Ctrl-C ends it.`);
  // Nothing else keeps this process: a server that a test forgets must not keep the test.
  const { promise: gone, resolve } = Promise.withResolvers<'gone'>();
  const watch = setInterval(() => void portOpen(jaeger.port).then((open) => open || resolve('gone')), WATCH_MS);
  const end = await Promise.race([gone, stopped]);
  clearInterval(watch);
  if (end === 'gone') {
    process.stderr.write(`Jaeger has ended by itself. It said:\n${jaeger.log().slice(-2000)}\n`);
    return 1;
  }
  await jaeger.stop();
  say('Jaeger has ended, and its traces with it.');
  return 0;
}

if (values.help) say(USAGE);
else process.exitCode = await main();
