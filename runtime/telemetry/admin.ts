import { createServer } from 'node:http';
import { SluiceError } from '#contract/errors.ts';
import type { Health } from './health.ts';

export interface AdminSettings {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly health: Health;
  /** In the Prometheus text format. */
  readonly metrics: () => Promise<string>;
}

/** The HTTP server of probes and metrics. */
export interface Admin {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves /livez, /readyz and /metrics. Rejects with ADMIN_UNUSABLE when it cannot listen there. */
export async function serveAdmin(settings: AdminSettings): Promise<Admin> {
  const server = createServer((request, response) => {
    // No URL parser: it throws on invalid requests.
    void answer(settings, (request.url ?? '/').split('?', 1)[0] ?? '/').then(({ status, type, body }) => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    // Stays registered: a later error of the server must not end the process.
    server.on('error', (error) => {
      reject(
        new SluiceError(
          'ADMIN_UNUSABLE',
          `expected --admin ${settings.host}:${settings.port} to be free, found ${error.message}`,
        ),
      );
    });
    server.listen(settings.port, settings.host, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : settings.port;
  return {
    url: `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const PLAIN = 'text/plain; charset=utf-8';

async function answer({ health, metrics }: AdminSettings, path: string): Promise<Answer> {
  switch (path) {
    // An answer proves that the event loop turns. Liveness does not depend on brokers.
    case '/livez':
      return { status: 200, type: PLAIN, body: 'ok\n' };
    case '/readyz':
      return { status: health.isReady ? 200 : 503, type: PLAIN, body: health.report() };
    case '/metrics':
      return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: await metrics() };
    default:
      return { status: 404, type: PLAIN, body: 'There are /livez, /readyz and /metrics.\n' };
  }
}
