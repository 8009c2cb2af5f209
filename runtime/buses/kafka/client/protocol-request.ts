import type { ProtocolRequest } from 'kafkajs/src/cluster/index.js';

/** One kind of request in the version that this folder encodes. */
export interface Api {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
}

/** A request that is encoded here and sent by kafkajs. Errors stay in the answer, each at its partition. */
export function protocolRequest<Answer extends { readonly clientSideThrottleTime: number }>(
  api: Api,
  body: Buffer,
  read: (raw: Buffer) => Answer,
  requestTimeout: number | undefined,
): ProtocolRequest<Answer> {
  return {
    request: { ...api, encode: async () => ({ buf: body, buffer: body }) },
    response: { decode: async (raw) => read(raw), parse: async (answer) => answer },
    ...(requestTimeout === undefined ? {} : { requestTimeout }),
    logResponseError: false,
  };
}
