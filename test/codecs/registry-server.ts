import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { asMap, isMap } from '#kit/json-value.ts';

/** A schema of the test's registry, as its API has it. */
export interface ServedSchema {
  readonly schema: string;
  readonly schemaType?: string;
  readonly references?: readonly { readonly name: string; readonly subject: string; readonly version: number }[];
}

export interface Asked {
  readonly line: string;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
}

/** A small schema registry that speaks the HTTP API of Confluent's. */
export interface TestRegistry extends AsyncDisposable {
  readonly url: string;
  /** Every request so far. */
  readonly asked: readonly Asked[];
  readonly schemas: Map<number, ServedSchema>;
  /** `SUBJECT/VERSION` */
  readonly versions: Map<string, ServedSchema>;
  /** `SUBJECT`: the ids that may be looked up there. */
  readonly subjects: Map<string, readonly number[]>;
  /** While set, it answers each request. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
}

export async function startRegistry(port = 0): Promise<TestRegistry> {
  const schemas = new Map<number, ServedSchema>();
  const versions = new Map<string, ServedSchema>();
  const subjects = new Map<string, readonly number[]>();
  const asked: Asked[] = [];
  let answer: TestRegistry['answer'];
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    asked.push({
      line: `${method} ${url}`,
      authorization: headers.authorization,
      contentType: headers['content-type'],
    });
    if (answer !== undefined) return answer(request, response);
    void bodyOf(request).then((body) => {
      const found = found_(method, url, body);
      response.writeHead('error_code' in found ? 404 : 200, {
        'content-type': 'application/vnd.schemaregistry.v1+json',
      });
      response.end(JSON.stringify(found));
    });
  });
  function found_(method: string, url: string, body: unknown): object {
    const [, , id] = /^\/schemas\/(ids)\/(\d+)$/.exec(url) ?? [];
    const [, subject = '', version] = /^\/subjects\/([^/]+)\/versions\/(\d+)$/.exec(url) ?? [];
    const [, looked] = /^\/subjects\/([^/]+)$/.exec(url) ?? [];
    if (id !== undefined) return schemas.get(Number(id)) ?? { error_code: 40403, message: 'Schema not found' };
    if (version !== undefined)
      return (
        versions.get(`${decodeURIComponent(subject)}/${version}`) ?? { error_code: 40402, message: 'Version not found' }
      );
    if (looked === undefined || method !== 'POST') return { error_code: 404, message: 'HTTP 404 Not Found' };
    const ids = subjects.get(decodeURIComponent(looked));
    if (ids === undefined) return { error_code: 40401, message: 'Subject not found' };
    const same = ids.find((one) => isSame(schemas.get(one), body));
    return same === undefined
      ? { error_code: 40403, message: 'Schema not found' }
      : { subject: looked, id: same, version: 1 };
  }
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  // oxlint-disable-next-line no-unsafe-type-assertion -- it listens on a port
  const { port: own } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${own}`,
    asked,
    schemas,
    versions,
    subjects,
    get answer() {
      return answer;
    },
    set answer(next) {
      answer = next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** As a registry compares: blanks count for nothing. */
function isSame(served: ServedSchema | undefined, body: unknown): boolean {
  const { schema, schemaType = 'AVRO' } = asMap(body);
  assert.ok(isMap(body) && typeof schema === 'string');
  const text = (json: string): string => JSON.stringify(JSON.parse(json));
  return served !== undefined && (served.schemaType ?? 'AVRO') === schemaType && text(served.schema) === text(schema);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  return chunks.length === 0 ? undefined : (JSON.parse(Buffer.concat(chunks).toString()) as unknown);
}
