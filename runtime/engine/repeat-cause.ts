/** By what a message is known to repeat one that was passed on, and what an operator reads of it. */
export const WHY_REPEATED = {
  remembered:
    'the route remembers that a message of this id and content ended before; it is dropped, as every repetition',
  dedupe: 'a message with the same value of dedupe passed before; it is dropped, as every repetition',
  log: 'the log of the sink holds it already, sent by an earlier process; it is not sent again',
} as const;

export type RepeatCause = keyof typeof WHY_REPEATED;
