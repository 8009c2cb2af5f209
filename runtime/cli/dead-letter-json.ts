import type { Letter, WholeLetter } from './output.ts';
import type { LetterSummary, StoredLetter } from '../store/dead-letters/stored-letter.ts';

/** A letter for machines, without its frame. Times as RFC 3339. */
export function letterSummary(letter: LetterSummary): Letter {
  const { receivedAtMs, diedAtMs, ...rest } = letter;
  return { ...rest, receivedAt: moment(receivedAtMs), diedAt: moment(diedAtMs) };
}

/** A whole letter for machines: one line of an export. The body is base64 of its bytes, null if it had none. */
export function letterJson({ frame, ...letter }: StoredLetter): WholeLetter {
  const { body, headers, headerTypes, timestampMs, expiresAtMs, contentType, id } = frame;
  return {
    ...letterSummary(letter),
    publisherId: id,
    contentType,
    timestamp: moment(timestampMs),
    expiresAt: moment(expiresAtMs),
    headers: [...headers],
    headerTypes: headerTypes === undefined ? undefined : [...headerTypes],
    body: body === null ? null : Buffer.from(body).toString('base64'),
  };
}

export function moment(ms: number | undefined): string | undefined {
  // A header may state any time.
  return ms === undefined || Math.abs(ms) > 8.64e15 ? undefined : new Date(ms).toISOString();
}
