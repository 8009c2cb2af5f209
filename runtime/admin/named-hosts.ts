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

  constructor(host: string, more: readonly string[]) {
    this.#names = new Set(['localhost', host, ...more].map((name) => name.toLowerCase()));
  }

  /** `header`: of the request, with its port. */
  allows(header: string | undefined): boolean {
    if (header === undefined) return false;
    const [, bracketed, name] = /^(?:\[([0-9a-f:.]+)\]|([^\s:/@[\]]+))(?::\d{1,5})?$/i.exec(header) ?? [];
    if (bracketed !== undefined) return isIP(bracketed) === 6;
    return name !== undefined && (isIP(name) === 4 || this.#names.has(name.toLowerCase().replace(/\.$/, '')));
  }
}
