/**
 * A set of addresses, level by level: fixed text, any text between a beginning and an end, or null for any number of levels,
 * including none. kit/address-pattern.ts compares patterns.
 */
export type AddressPattern = readonly (string | { readonly begins: string; readonly ends: string } | null)[];

/** The messages that a source reads, as far as its options tell. */
export interface Reach {
  /**
   * Name spaces of addresses on one server: a stream, a virtual host and exchange. A sink feeds the source if one of its
   * spaces (`Bus.writes`) is one of these.
   */
  readonly spaces: readonly string[];
  /** The addresses in these spaces that are read. */
  readonly filter: AddressPattern;
  /** The addresses that the messages then have, where they differ. */
  readonly addresses?: AddressPattern;
  /** Whether the options do not determine what is read: only the server knows. */
  readonly isGuess?: boolean;
  /** The option that decides it, from the end's options down. */
  readonly path: readonly string[];
}

const LOCAL = new Set(['localhost', '[::1]', '127.0.0.1']);

/** One name for a server however it is spelled. `family` separates kinds of buses; `host` is as in a URL. */
export function serverName(family: string, host: string, port: string | number): string {
  const name = host.toLowerCase();
  return `${family} ${LOCAL.has(name) ? '127.0.0.1' : name}:${port}`;
}
