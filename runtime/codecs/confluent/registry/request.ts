import { messageOf, SluiceError } from '#contract/errors.ts';
import { isMap, own, type PlainMap } from '#kit/json-value.ts';

/** Where a registry is, and how it is asked. */
export interface RegistryAccess {
  /** Without a slash at its end. */
  readonly url: string;
  /** The header of that name; a secret. */
  readonly authorization: string | undefined;
  readonly timeoutMs: number;
  /** The largest answer. */
  readonly mostBytes: number;
}

/** `missing`: the registry answers that it has no such thing. `large`: the answer was longer than the bound, and was not read to its end. */
export type Answer = { readonly kind: 'found'; readonly value: PlainMap } | { readonly kind: 'missing' | 'large' };

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';
/** The registry's own codes: no such subject, version, schema. Another 404 comes from something that is no registry. */
const MISSING_CODES: readonly unknown[] = [40401, 40402, 40403];

/**
 * One request. Rejects with SCHEMA_REGISTRY_DOWN or SCHEMA_REGISTRY_REFUSED where the answer says nothing of what was asked for. The
 * texts never quote an answer: it may come from anywhere.
 */
export async function ask(
  { url, authorization, timeoutMs, mostBytes }: RegistryAccess,
  path: string,
  signal: AbortSignal,
  question?: object,
): Promise<Answer> {
  const limit = AbortSignal.timeout(timeoutMs);
  const registry = shownRegistry(url);
  try {
    const response = await fetch(url + path, {
      method: question === undefined ? 'GET' : 'POST',
      // A redirect would hand the credentials to another server.
      redirect: 'manual',
      signal: AbortSignal.any([signal, limit]),
      headers: {
        accept: `${MEDIA_TYPE}, application/json`,
        ...(question !== undefined && { 'content-type': MEDIA_TYPE }),
        ...(authorization !== undefined && { authorization }),
      },
      ...(question !== undefined && { body: JSON.stringify(question) }),
    });
    const text = await textOf(response, mostBytes);
    if (response.ok && text === undefined) return { kind: 'large' };
    const value = jsonIn(text ?? '');
    if (response.ok && isMap(value)) return { kind: 'found', value };
    if (response.status === 404 && isMap(value) && MISSING_CODES.includes(own(value, 'error_code')))
      return { kind: 'missing' };
    throw trouble(registry, response);
  } catch (thrown) {
    if (thrown instanceof SluiceError) throw thrown;
    const found = limit.aborted ? `none within ${timeoutMs} ms` : reasonOf(thrown);
    // oxlint-disable-next-line preserve-caught-error -- the cause may hold the headers of the request
    throw new SluiceError(
      'SCHEMA_REGISTRY_DOWN',
      `expected an answer of the schema registry ${registry}, found ${found}`,
    );
  }
}

/** In texts: a path may hold what is not for everyone. */
export function shownRegistry(url: string): string {
  return new URL(url).origin;
}

function trouble(registry: string, { status, ok }: Response): SluiceError {
  if (status === 401 || status === 403)
    return new SluiceError('SCHEMA_REGISTRY_REFUSED', `the schema registry ${registry} refuses: status ${status}`);
  const found = ok ? 'one that is no JSON object' : status >= 300 && status < 400 ? 'a redirect' : `status ${status}`;
  return new SluiceError(
    'SCHEMA_REGISTRY_DOWN',
    `expected an answer of the schema registry ${registry}, found ${found}`,
  );
}

/** Undefined where it is longer. */
async function textOf({ body }: Response, mostBytes: number): Promise<string | undefined> {
  if (body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    // Leaving the loop ends the transfer.
    if (bytes > mostBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** `fetch failed` says nothing: its cause has the code of the system. */
function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : messageOf(cause);
  return messageOf(thrown);
}
