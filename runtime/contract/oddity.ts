import type { BusContext } from './bus.ts';

/** Irregular values that a source ignores or reads in another way. The message is not rejected. */
export const ODDITIES = {
  TIMESTAMP_IGNORED:
    "a message's own timestamp is outside of the years 1970 to 9999; the message counts as one without a timestamp",
  EXPIRY_IGNORED:
    "a message's header expirytime is neither RFC 3339 nor milliseconds since 1970; it sets no expiry, and is carried on as it is",
  ID_REUSED:
    'a message has the id of one with another content: it is not taken for a repetition of that one, and its content is part of its id',
  HEADER_ROUNDED: 'a message has an integer beyond 2^53 in a header; the client library rounds it',
} as const;

type Oddity = keyof typeof ODDITIES;
export type NoteOddity = (oddity: Oddity) => void;

/** Reports each oddity to the runtime, which counts them and logs the first. */
export function oddityNotes({ connection, report }: Pick<BusContext, 'connection' | 'report'>): NoteOddity {
  return (code) => report({ kind: 'notice', code, text: `${connection}: ${ODDITIES[code]}` });
}

/** For readers outside of a route. */
export const NOT_NOTED: NoteOddity = () => {};
