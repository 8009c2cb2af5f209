/** What a source tells an operator of its queue, by code; `before`: how often a message was delivered before. */
export const SOURCE_NOTICES = {
  CONSUMER_REPLACED: (queue: string) =>
    `queue ${queue} had given messages to our idle consumer that did not come: they fell into the moment in which it was replaced, or the queue was deleted and made again, or its leader has moved; they are read now, in order`,
  LOOKS_LIKE_STREAM: (queue: string) =>
    `messages of queue ${queue} have offsets; if it is a stream write type: stream, or the route's place in it is not kept`,
  DELIVERED_OFTEN: (queue: string, before: number) =>
    `a message of queue ${queue} was delivered ${before} times before; a delivery limit drops it, or sends it to the dead-letter exchange if there is one`,
} as const;
