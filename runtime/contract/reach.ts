/**
 * Addresses that are alike, level by level: fixed text, any text between a beginning and an end, or null for any number of
 * levels, none too. kit/address-pattern.ts compares them.
 */
export type AddressPattern = readonly (string | { readonly begins: string; readonly ends: string } | null)[];

/** Messages that a source reads, as far as its options say. */
export interface Reach {
  /**
   * What keeps addresses apart on one server: a stream, a virtual host and exchange. A sink feeds the source if one of its
   * spaces (`Bus.writes`) is one of these.
   */
  readonly spaces: readonly string[];
  /** Of the addresses in these spaces, those that are read. */
  readonly filter: AddressPattern;
  /** Addresses that the messages then have, where that is another thing. */
  readonly addresses?: AddressPattern;
  /** Whether the options leave open what is read: the server may know more. */
  readonly isGuess?: boolean;
  /** The option that says so, from the end's options down. */
  readonly path: readonly string[];
}

const LOCAL = new Set(['localhost', '[::1]', '127.0.0.1']);

/** A server under one name, whoever spells it: `family` keeps kinds of buses apart, `host` is as in a URL. */
export function serverName(family: string, host: string, port: string | number): string {
  const name = host.toLowerCase();
  return `${family} ${LOCAL.has(name) ? '127.0.0.1' : name}:${port}`;
}
