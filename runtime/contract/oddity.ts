import type { BusContext } from './bus.ts';

/** What a source finds odd in a message, and leaves out or reads otherwise. The message passes on. */
const ODDITIES = {
  TIMESTAMP_IGNORED:
    "a message's own timestamp is outside of the years 1970 to 9999; the message counts as one without a timestamp",
  EXPIRY_IGNORED:
    "a message's header expirytime is neither RFC 3339 nor milliseconds since 1970; it sets no expiry, and is carried on as it is",
  ID_REUSED:
    'a message has the id of one with another content: it is not taken for a repetition of that one, and its content is part of its id',
  HEADER_ROUNDED: 'a message has an integer beyond 2^53 in a header; the client library rounds it',
} as const;

export type Oddity = keyof typeof ODDITIES;
export type NoteOddity = (oddity: Oddity) => void;

/** Says each oddity to the runtime, which counts them and tells an operator of the first. */
export function oddityNotes({ connection, report }: Pick<BusContext, 'connection' | 'report'>): NoteOddity {
  return (code) => report({ kind: 'notice', code, text: `${connection}: ${ODDITIES[code]}` });
}

/** For readers whose messages go nowhere. */
export const NOT_NOTED: NoteOddity = () => {};
