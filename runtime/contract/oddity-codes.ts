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

export type Oddity = keyof typeof ODDITIES;
