import { connect } from 'node:net';
import { SluiceError } from '#contract/errors.ts';
import { propertyOf } from './property.ts';
import type { ServerUrl } from '../server-url.ts';

/** The server's INFO before a client has identified. */
export interface ServerInfo {
  /** It requires a client certificate. */
  readonly tlsVerify: boolean;
  readonly tlsAvailable: boolean;
}

// The largest INFO line is a few kilobytes, more with hundreds of servers in a cluster.
const MAX_CHARACTERS = 1024 * 1024;

/**
 * Connects, reads the first line and closes. Rejects with BUS_UNREACHABLE or BUS_PROTOCOL and the reason. The client
 * itself hides the reason of a failed attempt and leaks the socket of one that timed out, so it connects only to servers
 * that have sent their INFO here.
 */
export function readServerInfo(server: ServerUrl, timeoutMs: number): Promise<ServerInfo> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect({ host: server.host, port: server.port });
    const fail = (code: 'BUS_UNREACHABLE' | 'BUS_PROTOCOL', text: string, cause?: unknown): void => {
      socket.destroy();
      clearTimeout(timer);
      reject(new SluiceError(code, text, { cause }));
    };
    const timer = setTimeout(() => {
      if (socket.connecting) fail('BUS_UNREACHABLE', `no connection within ${timeoutMs} ms`);
      else fail('BUS_PROTOCOL', `connected, but no NATS server greeted within ${timeoutMs} ms`);
    }, timeoutMs);
    socket.setEncoding('utf8');
    socket.on('error', (error: NodeJS.ErrnoException) => fail('BUS_UNREACHABLE', reasonOf(error), error));
    socket.on('close', () => fail('BUS_UNREACHABLE', 'the server hung up at once'));
    socket.on('data', (chunk: string) => {
      received += chunk;
      const end = received.indexOf('\r\n');
      const serverInfo = end === -1 ? undefined : parse(received.slice(0, end));
      if (serverInfo !== undefined) {
        clearTimeout(timer);
        socket.removeAllListeners('close');
        socket.destroy();
        resolve(serverInfo);
      } else if (end !== -1 || received.length > MAX_CHARACTERS || !'INFO '.startsWith(received.slice(0, 5))) {
        fail('BUS_PROTOCOL', 'what answers there is no NATS server');
      }
    });
  });
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNREFUSED') return 'connection refused: nothing listens on that port';
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return 'no such host name';
  return `cannot connect (${error.code ?? error.message})`;
}

function parse(line: string): ServerInfo | undefined {
  if (!line.startsWith('INFO ')) return undefined;
  try {
    const info: unknown = JSON.parse(line.slice(5));
    const flag = (name: string): boolean => propertyOf(info, name) === true;
    return {
      tlsVerify: flag('tls_verify'),
      tlsAvailable: flag('tls_required') || flag('tls_available'),
    };
  } catch {
    return undefined;
  }
}
