import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What one signal sent. */
export interface OtlpRequest {
  /** `/v1/metrics`, `/v1/logs`. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Protobuf. Names and texts are in it as they are. */
  readonly body: Buffer;
}

/** Takes requests of OTLP over HTTP, whatever they hold. */
export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly OtlpRequest[];
  /** The status of later answers that `taken` does not decide; 200 at first. */
  answer(status: number): void;
}

/** `taken` may look at each request and decide the status of its answer. */
export async function startOtlpReceiver(taken?: (request: OtlpRequest) => number): Promise<OtlpReceiver> {
  const requests: OtlpRequest[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const sent = { path: request.url ?? '', headers: request.headers, body };
      requests.push(sent);
      return response.writeHead(taken?.(sent) ?? status).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer(given) {
      status = given;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
