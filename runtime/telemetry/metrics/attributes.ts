/** Attribute names of metrics. Those of OpenTelemetry's conventions for messaging are not stable yet, so they are in this one place. */
export const ATTRIBUTES = {
  pipeline: 'sluice.pipeline.name',
  route: 'sluice.route.name',
  outcome: 'sluice.outcome',
  source: 'sluice.source.name',
  sink: 'sluice.sink.name',
  sinkIndex: 'sluice.sink.index',
  stage: 'sluice.stage.name',
  stageIndex: 'sluice.stage.index',
  direction: 'sluice.direction',
  queue: 'sluice.queue.name',
  end: 'sluice.end',
  cause: 'sluice.cause',
  code: 'sluice.code',
  reason: 'sluice.deadletter.reason',
  labelFrom: 'sluice.label.from',
  labelTo: 'sluice.label.to',
  labelError: 'sluice.label.error',
  isCounted: 'sluice.loss.is_counted',
  guard: 'sluice.guard.name',
  guardOutcome: 'sluice.guard.outcome',
  guardReason: 'sluice.guard.reason',
  system: 'messaging.system',
  operation: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  partition: 'messaging.destination.partition.id',
} as const;

/** `messaging.system` of a kind of bus. */
export function systemOf(bus: string): string {
  return bus === 'jetstream' ? 'nats' : bus;
}
