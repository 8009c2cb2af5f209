import { isIP } from 'node:net';

/** One entry of `brokers`. */
export interface SeedBroker {
  /** An IPv6 address has no brackets here. */
  readonly host: string;
  readonly port: number;
}

/** `HOST:PORT` or `[IPV6]:PORT`, as a JSON Schema pattern. */
export const BROKER_PATTERN = String.raw`^(\[[0-9A-Fa-f:.]+(%[^\]\s/]+)?\]|[^\s/:@,\[\]]+):[0-9]{1,5}$`;

/** `text` must match the pattern. */
export function parseBroker(text: string): SeedBroker {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at).replaceAll(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
}

/** The fault of text that matches the pattern and is not valid; undefined when it is valid. */
export function brokerFlaw(text: string): { readonly expected: string; readonly found: string } | undefined {
  const { host, port } = parseBroker(text);
  if (port < 1 || port > 65_535) return { expected: 'a port from 1 to 65535', found: String(port) };
  if (text.startsWith('[') && isIP(host) !== 6) return { expected: 'an IPv6 address in brackets', found: host };
  return undefined;
}
