/** Codes of Node's sockets, DNS and HTTP client for a peer that could not be reached or closed the connection. */
const CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ESOCKETTIMEDOUT',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENETRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_SOCKET',
  // The name of the error that `AbortSignal.timeout` causes.
  'TimeoutError',
]);

/** Most nested causes that are followed. */
const DEEPEST = 5;

export function isNetworkCode(code: string): boolean {
  return CODES.has(code);
}

/**
 * The code of a network failure, of the error itself or of its causes: the error of `fetch` has the code only in its cause.
 * Undefined for any other error. Never throws, whatever the value is.
 */
export function networkCodeOf(thrown: unknown, depth = 0): string | undefined {
  if (!(thrown instanceof Error) || depth > DEEPEST) return undefined;
  try {
    const { cause, name } = thrown;
    const own: unknown = Reflect.get(thrown, 'code');
    if (typeof own === 'string' && isNetworkCode(own)) return own;
    if (isNetworkCode(name)) return name;
    const several: readonly unknown[] = thrown instanceof AggregateError ? thrown.errors.slice(0, DEEPEST) : [];
    for (const inner of [cause, ...several]) {
      const code = networkCodeOf(inner, depth + 1);
      if (code !== undefined) return code;
    }
  } catch {
    // A getter of the value threw: its code is unknown.
  }
  return undefined;
}
