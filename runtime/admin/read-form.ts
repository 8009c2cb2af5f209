import type { IncomingMessage } from 'node:http';

const MOST_BYTES = 8 * 1024;
const MOST_FIELDS = 64;
const TYPE = 'application/x-www-form-urlencoded';

/** The body is none that a form of this page sends. */
export class FormError extends Error {
  override readonly name = 'FormError';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Rejects with FormError. The server ends a request that takes too long. */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const [type] = (request.headers['content-type'] ?? '').split(';', 1);
  if (type?.trim().toLowerCase() !== TYPE) throw new FormError(415, `Expected a body of ${TYPE}.`);
  const parts: Buffer[] = [];
  let size = 0;
  // The connection is kept for the answer.
  const body: AsyncIterable<unknown> = request.iterator({ destroyOnReturn: false });
  for await (const part of body) {
    if (!Buffer.isBuffer(part)) continue;
    size += part.length;
    if (size > MOST_BYTES) throw new FormError(413, `Expected a body of at most ${MOST_BYTES} bytes.`);
    parts.push(part);
  }
  const form = new URLSearchParams(Buffer.concat(parts).toString());
  if (form.size > MOST_FIELDS) throw new FormError(413, `Expected at most ${MOST_FIELDS} fields.`);
  return form;
}
