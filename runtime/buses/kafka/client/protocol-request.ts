import type { Exchange } from 'kafkajs/src/cluster/index.js';

/** One kind of request in the version that is spoken here. */
export interface Api {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
}

/** A request of our own making, as the client sends it: its errors are in the answer, each where it belongs. */
export function exchange<Answer extends { readonly clientSideThrottleTime: number }>(
  api: Api,
  body: Buffer,
  read: (raw: Buffer) => Answer,
  requestTimeout: number | undefined,
): Exchange<Answer> {
  return {
    request: { ...api, encode: async () => ({ buf: body, buffer: body }) },
    response: { decode: async (raw) => read(raw), parse: async (answer) => answer },
    ...(requestTimeout === undefined ? {} : { requestTimeout }),
    logResponseError: false,
  };
}
