/** Names of the client's for properties that other buses see as headers, and from RabbitMQ to RabbitMQ are properties again. */
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
 * Not among them: user-id, which the server takes from nobody but that user, and reply-to: it names a queue of the
 * publisher's own server, and here would have a service answer into a queue of a stranger's choice.
 */
export const RESTORED: readonly RestoredHeader[] = [
  'amqp-correlation-id',
  'amqp-content-encoding',
  'amqp-type',
  'amqp-app-id',
  'amqp-priority',
];

/** Headers that the server writes at each delivery: no part of the message. */
export const DELIVERY_HEADERS: ReadonlySet<string> = new Set([
  'x-stream-offset',
  'x-delivery-count',
  'x-acquired-count',
]);

/**
 * Orders to the server: CC and BCC route copies, and a message that its x-death says was in a queue before is dropped
 * when it dies there again (measured on 3.10). They travel where nobody acts on them, see header-spelling.ts.
 */
export const CONTROL_HEADERS: ReadonlySet<string> = new Set(['CC', 'BCC', 'x-death']);
