import { createHash, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const LASTS_MS = 12 * 3_600_000;
const MOST = 64;

/** Who has given the token in a browser. A cookie holds a random number and never the token. They end with the process. */
export class Sessions {
  /** By the digest of the cookie: a lookup by its text would tell by its time how much of it is right. */
  readonly #endsAtMs = new Map<string, number>();

  /** The value of the cookie. The session that began first gives way to one too many. */
  begin(nowMs: number): string {
    for (const [one, endsAtMs] of this.#endsAtMs) if (endsAtMs <= nowMs) this.#endsAtMs.delete(one);
    const [first] = this.#endsAtMs.keys();
    if (first !== undefined && this.#endsAtMs.size >= MOST) this.#endsAtMs.delete(first);
    const session = randomBytes(32).toString('base64url');
    this.#endsAtMs.set(keyOf(session), nowMs + LASTS_MS);
    return session;
  }

  has(session: string, nowMs: number): boolean {
    return (this.#endsAtMs.get(keyOf(session)) ?? -Infinity) > nowMs;
  }

  end(session: string): void {
    this.#endsAtMs.delete(keyOf(session));
  }
}

function keyOf(session: string): string {
  return createHash('sha256').update(session).digest('base64');
}

/** Cookies know no port: without it in their name, pipelines of one host name would end the sessions of each other. */
function nameAt(host: string | undefined): string {
  const [, port] = /:(\d{1,5})$/.exec(host ?? '') ?? [];
  return port === undefined ? 'sluice-admin' : `sluice-admin-${port}`;
}

/** The session that a request names; undefined where it names none, or several. */
export function sessionIn({ cookie = '', host }: IncomingHttpHeaders): string | undefined {
  const start = `${nameAt(host)}=`;
  const values = cookie
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(start));
  return values.length === 1 ? values[0]?.slice(start.length) : undefined;
}

export interface CookieSettings {
  /** Of the request. */
  readonly host: string | undefined;
  /** The browser came by TLS, so the cookie goes by TLS alone. */
  readonly isSecure: boolean;
}

/** An empty session ends the cookie. */
export function cookieOf(session: string, { host, isSecure }: CookieSettings): string {
  const age = session === '' ? 0 : LASTS_MS / 1000;
  return `${nameAt(host)}=${session}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
}
