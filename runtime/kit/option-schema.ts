import { type Bounds, DURATION_PATTERN, SIZE_PATTERN } from './quantity.ts';

/** Bounds of an option: none is without a largest value. */
type Bounded = Bounds & { readonly formatMaximum: string };

/** Of how long something is waited for: less never works, and more is no answer. */
export const TIMEOUT: Bounded = { formatMinimum: '10ms', formatMaximum: '1h' };

export function durationOption(byDefault: string, bounds: Bounded, description: string) {
  return {
    type: 'string',
    format: 'duration',
    pattern: DURATION_PATTERN,
    ...bounds,
    default: byDefault,
    description,
  } as const;
}

export function sizeOption(byDefault: string, bounds: Bounded, description: string) {
  return { type: 'string', pattern: SIZE_PATTERN, ...bounds, default: byDefault, description } as const;
}

/** Text that is not empty. */
export function textOption(description: string) {
  return { type: 'string', minLength: 1, description } as const;
}

/** The `tls` of a connection, PEM texts; `serverHost` completes "where it is not ...". */
export function tlsOption(description: string, serverHost: string) {
  return {
    type: 'object',
    additionalProperties: false,
    description,
    properties: {
      ca: textOption("Certificates to trust instead of the machine's own, as PEM; file:PATH reads them."),
      cert: textOption('Client certificate, as PEM; file:PATH reads it.'),
      key: textOption('Private key of the client certificate, as PEM; file:PATH reads it.'),
      serverName: textOption(`Name to expect in the server's certificate, where it is not ${serverHost}.`),
    },
  } as const;
}
