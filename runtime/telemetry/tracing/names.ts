/**
 * Attribute names of the spans. Those of the OpenTelemetry messaging conventions (1.44.0) are not stable yet, so they are in this
 * one place; those that begin with `sluice.` are ours.
 */
export const NAMES = {
  system: 'messaging.system',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  template: 'messaging.destination.template',
  group: 'messaging.consumer.group.name',
  messageId: 'messaging.message.id',
  bodySize: 'messaging.message.body.size',
  errorType: 'error.type',
  pipeline: 'sluice.pipeline.name',
  route: 'sluice.route.name',
  source: 'sluice.source.name',
  sink: 'sluice.sink.name',
  stage: 'sluice.stage.name',
  stageKind: 'sluice.stage.kind',
  stageIndex: 'sluice.stage.index',
  stageResults: 'sluice.stage.out',
  label: 'sluice.label.class',
  key: 'sluice.message.key',
  codec: 'sluice.codec.name',
  guard: 'sluice.guard.name',
  guardOutcome: 'sluice.guard.outcome',
  outcome: 'sluice.outcome',
  settled: 'sluice.settle.outcome',
  repeatCause: 'sluice.repeat.cause',
  repeatOf: 'sluice.repeat.earlier_time',
  attempt: 'sluice.delivery.attempt',
  attempts: 'sluice.attempts',
  delay: 'sluice.retry.delay',
  schema: 'sluice.schema.name',
  pointer: 'sluice.schema.pointer',
  failedStage: 'sluice.failed.stage',
  letter: 'sluice.dead_letter.number',
  sampledReason: 'sluice.sampled.reason',
  joined: 'messaging.batch.message_count',
  linksLeftOut: 'sluice.links.truncated',
} as const;

/** Seconds that a message waited, by what it waited for. */
export const WAITS = {
  spool: 'sluice.wait.spool',
  repeat: 'sluice.wait.repeat',
  lane: 'sluice.wait.lane',
  retry: 'sluice.wait.retry',
  join: 'sluice.wait.join',
  sink: 'sluice.wait.sink',
  state: 'sluice.wait.state',
} as const;
