/** The place that had the id of a repetition, and the text of the log line. */
export const WHY_REPEATED = {
  remembered:
    'the route remembers that a message of this id and content ended before; it is dropped, as every repetition',
  'sent-again':
    'the bus delivers it for the first time, and a message of this id and content ended before: its publisher sent it again, and it is dropped as every repetition. A publisher that counts its messages from 1 after each restart loses those that are the same as earlier ones: let its ids hold a time or an epoch, or write id on the route',
  dedupe: 'a message with the same value of dedupe passed before; it is dropped, as every repetition',
  revoked:
    'its partition was given up while it waited here, because the group divided its partitions anew: the process that has the partition now sends it',
  log: 'the log of the sink holds it already, sent by an earlier process; it is not sent again',
} as const;

export type RepeatCause = keyof typeof WHY_REPEATED;
