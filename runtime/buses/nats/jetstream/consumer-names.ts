// The names of all consumers that a route makes. They are fixed, so that rights can name each: NATS has no wildcard for a
// part of a name, and a right to all consumers of a stream would be one to those of other routes.

/** The name of a route's own consumer. */
export function durableName(pipeline: string, route: string): string {
  return `${pipeline}_${route}`.replaceAll(/[^A-Za-z0-9_-]/g, '_');
}

/** So many processes of a route can read the end of the stream at the same time. */
const TAILS = 4;

/** The names of the consumers with which a sink reads the end of its stream. */
export function tailNames(durable: string): readonly string[] {
  return Array.from({ length: TAILS }, (_, at) => `${durable}-tail-${at + 1}`);
}

/** The consumer that keeps the messages of a stream with interest retention while the route's own is made again. */
export function holderName(durable: string): string {
  return `${durable}-hold`;
}

/** The consumer that counts the messages for a durable. */
export function counterName(durable: string): string {
  return `${durable}-count`;
}
