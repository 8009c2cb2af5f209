import { hash } from 'node:crypto';
import { bytesOfText } from '#kit/raw-text.ts';

/** Characters. With pipeline and route in front, an id stays below the 255 bytes of an AMQP short string. */
const LONGEST_ID = 120;

/**
 * Bounds an id over chains of bridges. Each bridge puts its own name in front of the id that it read, so a longer id is
 * replaced by its digest. Different ids stay different.
 */
export function boundedId(id: string): string {
  // The coordinates of no bus begin with `~`, and a publisher's id never comes first in them.
  return id.length <= LONGEST_ID ? id : `~${hash('sha256', bytesOfText(id), 'base64url')}`;
}
