/**
 * Attribute names of the OpenTelemetry messaging conventions that the bridge emits. They are not stable yet, so they are
 * in this one place.
 */
export const NAMES = {
  system: 'messaging.system',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  messageId: 'messaging.message.id',
  bodySize: 'messaging.message.body.size',
  errorType: 'error.type',
  pipeline: 'sluice.pipeline.name',
  route: 'sluice.route.name',
  stage: 'sluice.stage.name',
  outcome: 'sluice.outcome',
  repeatCause: 'sluice.repeat.cause',
  repeatOf: 'sluice.repeat.earlier_time',
  attempt: 'sluice.delivery.attempt',
  letter: 'sluice.dead_letter.number',
} as const;
