import { isContentType } from '#contract/carried-headers.ts';
import { isReserved } from '#contract/frame.ts';

/** Control headers of JetStream. If they were carried on, a publisher upstream could purge or overwrite streams downstream. */
export const CONTROL = /^nats-/i;

/** Reserved names and the content type are compared in lower case; all others keep the publisher's spelling. */
export function canonical(name: string): string {
  return isContentType(name) || isReserved(name) ? name.toLowerCase() : name;
}
