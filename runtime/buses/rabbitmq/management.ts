import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import type { RabbitConnection } from './options.ts';
import { parseNode, urlsOf } from './client/target.ts';

const ANSWER_MS = 10_000;
const MAX_BYTES = 1024 ** 2;

/** One GET of the management API, as the connection's user. Rejects with the reason, which never contains a secret. */
export async function askManagement(base: string, path: string, connection: RabbitConnection): Promise<unknown> {
  return (await askWithTime(base, path, connection)).answer;
}

export interface TimedAnswer {
  readonly answer: unknown;
  /** By the clock of the server, in whole seconds; undefined where it does not tell. */
  readonly serverMs: number | undefined;
}

/** The same, with the server's time. */
export function askWithTime(base: string, path: string, connection: RabbitConnection): Promise<TimedAnswer> {
  const url = new URL(base);
  const node = urlsOf(connection).map(parseNode)[0];
  const [username, password] =
    url.username === ''
      ? [connection.username ?? node?.username ?? 'guest', connection.password ?? node?.password ?? 'guest']
      : [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  const { ca, cert, key } = connection.tls ?? {};
  const options = {
    host: url.hostname.replaceAll(/^\[|\]$/g, ''),
    port: url.port,
    path: url.pathname.replace(/\/$/, '') + path,
    headers: { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` },
    agent: false as const,
    signal: AbortSignal.timeout(ANSWER_MS),
    ...(url.protocol === 'https:' && { ca, cert, key }),
  };
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? secure : plain)(options, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece: string) => {
        text += piece;
        if (text.length > MAX_BYTES) answer.destroy(new Error('the answer is too long'));
      });
      answer.on('error', reject);
      answer.on('end', () => {
        if (answer.statusCode !== 200) return reject(new Error(`HTTP status ${answer.statusCode}`));
        try {
          const serverMs = Date.parse(answer.headers.date ?? '');
          resolve({ answer: JSON.parse(text), serverMs: Number.isNaN(serverMs) ? undefined : serverMs });
        } catch {
          reject(new Error('the answer is no JSON'));
        }
      });
    });
    request.on('error', reject);
    request.end();
  });
}
