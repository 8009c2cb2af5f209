/** The client's names of properties that other buses carry as headers and that a RabbitMQ sink restores as properties. */
export const PROPERTY_OF = {
  'amqp-correlation-id': 'correlationId',
  'amqp-content-encoding': 'contentEncoding',
  'amqp-type': 'type',
  'amqp-app-id': 'appId',
  'amqp-priority': 'priority',
  'amqp-reply-to': 'replyTo',
  'amqp-user-id': 'userId',
} as const;

export type PropertyHeader = keyof typeof PROPERTY_OF;
export type RestoredHeader = Exclude<PropertyHeader, 'amqp-reply-to' | 'amqp-user-id'>;

/**
 * Not restored: user-id, which the server accepts only from that user, and reply-to, which names a queue of the publisher's
 * server: at another server a service would answer into a queue of an unknown publisher's choice.
 */
export const RESTORED: readonly RestoredHeader[] = [
  'amqp-correlation-id',
  'amqp-content-encoding',
  'amqp-type',
  'amqp-app-id',
  'amqp-priority',
];

/** Headers that the server adds at each delivery: they are not part of the message. */
export const DELIVERY_HEADERS: ReadonlySet<string> = new Set([
  'x-stream-offset',
  'x-delivery-count',
  'x-acquired-count',
]);

/**
 * Headers that the server acts on. CC and BCC route copies, and a message with an x-death entry of a queue is dropped when it
 * is dead-lettered there again (measured on 3.10). They are carried as text without effect, see header-spelling.ts.
 */
export const CONTROL_HEADERS: ReadonlySet<string> = new Set(['CC', 'BCC', 'x-death']);
