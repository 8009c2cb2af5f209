import { RESERVED_HEADERS } from '#contract/frame.ts';

const RESERVED: ReadonlySet<string> = new Set(RESERVED_HEADERS);
export const CONTENT_TYPE = 'content-type';
/** Orders to a JetStream server: carried on, a publisher upstream could purge or overwrite streams downstream. */
export const CONTROL = /^nats-/i;

/** Reserved names and the content type are compared in lower case; all others keep the publisher's spelling. */
export function canonical(name: string): string {
  if (name.length > CONTENT_TYPE.length) return name;
  const lower = name.toLowerCase();
  return lower === CONTENT_TYPE || RESERVED.has(lower) ? lower : name;
}
