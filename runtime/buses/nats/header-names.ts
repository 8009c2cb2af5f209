import { CONTENT_TYPE } from '#contract/carried-headers.ts';
import { isReserved } from '#contract/frame.ts';

/** Orders to a JetStream server: carried on, a publisher upstream could purge or overwrite streams downstream. */
export const CONTROL = /^nats-/i;

/** Reserved names and the content type are compared in lower case; all others keep the publisher's spelling. */
export function canonical(name: string): string {
  if (name.length > CONTENT_TYPE.length) return name;
  const lower = name.toLowerCase();
  return lower === CONTENT_TYPE || isReserved(lower) ? lower : name;
}
