import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What one signal sent. */
export interface OtlpRequest {
  /** `/v1/metrics`, `/v1/logs`. */
  readonly path: string;
  /** Protobuf. Names and texts are in it as they are. */
  readonly body: Buffer;
}

/** Takes requests of OTLP over HTTP, whatever they hold. */
export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly OtlpRequest[];
  /** The status of later answers; 200 at first. */
  answer(status: number): void;
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const requests: OtlpRequest[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      requests.push({ path: request.url ?? '', body });
      return response.writeHead(status).end();
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
