import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/** Whether only processes of this machine reach what listens there. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

/**
 * The names under which the admin port may be called. A page of another origin can have its own name lead to 127.0.0.1 (DNS
 * rebinding), and would then read the answers; its requests carry that name. An address is no name, so it may be any: probes of Kubernetes
 * call a pod by its own.
 */
export class NamedHosts {
  readonly #names: ReadonlySet<string>;
  readonly #proxied: ReadonlySet<string>;

  /** `proxied`: names under which a proxy in front of it is called. */
  constructor(host: string, proxied: readonly string[]) {
    this.#proxied = new Set(proxied.map((name) => name.toLowerCase()));
    this.#names = new Set(['localhost', host.toLowerCase(), ...this.#proxied]);
  }

  /**
   * Whether a browser says that a page of this origin sent it. A client that is no browser says nothing of it. A proxy may have
   * replaced the host of the request, but not the origin of its page.
   */
  isSameOrigin({ origin, host = '', 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
    if (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) return true;
    return this.#proxied.has(URL.parse(origin)?.hostname ?? '');
  }

  /** `header`: of the request, with its port. */
  allows(header: string | undefined): boolean {
    if (header === undefined) return false;
    const [, bracketed, name] = /^(?:\[([0-9a-f:.]+)\]|([^\s:/@[\]]+))(?::\d{1,5})?$/i.exec(header) ?? [];
    if (bracketed !== undefined) return isIP(bracketed) === 6;
    return name !== undefined && (isIP(name) === 4 || this.#names.has(name.toLowerCase().replace(/\.$/, '')));
  }
}
