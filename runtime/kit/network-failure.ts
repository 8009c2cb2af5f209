/** Codes of Node's sockets, of its DNS and of its HTTP client that say that the other side could not be reached, or went away. */
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
  // The name of what `AbortSignal.timeout` throws.
  'TimeoutError',
]);

/** Causes of causes, and errors of errors. */
const DEEPEST = 5;

export function isNetworkCode(code: string): boolean {
  return CODES.has(code);
}

/**
 * The code by which an error looks like a failure of the network, its own or that of what caused it: `fetch` says nothing
 * but that it failed. Undefined of any other error. Never throws: what calls itself an error may hold anything.
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
    // Nothing can be known of it.
  }
  return undefined;
}
