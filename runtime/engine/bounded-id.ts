import { hash } from 'node:crypto';
import { bytesOfText } from '#kit/raw-text.ts';

/** Characters. With pipeline and route before it, an id stays below the 255 bytes that a short text of AMQP has. */
const LONGEST_ID = 120;

/**
 * An id that no chain of bridges makes longer: each writes its own name before the id that it read, so a longer one is
 * replaced by its digest. Two ids stay two.
 */
export function boundedId(id: string): string {
  // No bus's own coordinates begin so, and a publisher's id never stands first in them.
  return id.length <= LONGEST_ID ? id : `~${hash('sha256', bytesOfText(id), 'base64url')}`;
}
