import type { Bridge, Case, HandBridge } from './bridge.ts';
import type { HandSource, OpenHandSink } from './hand-written/half.ts';

// Loaded by who needs it, so that a process holds the clients of its own case alone, as the other maker's does.
const SOURCES: Readonly<Record<string, () => Promise<HandSource>>> = {
  mqtt: async () => (await import('./hand-written/mqtt-source.ts')).mqttSource,
  jetstream: async () => (await import('./hand-written/jetstream-source.ts')).jetstreamSource,
  kafka: async () => (await import('./hand-written/kafka-source.ts')).kafkaSource,
  rabbitmq: async () => (await import('./hand-written/rabbitmq-source.ts')).rabbitmqSource,
};

const SINKS: Readonly<Record<string, () => Promise<OpenHandSink>>> = {
  mqtt: async () => (await import('./hand-written/mqtt-sink.ts')).openMqttSink,
  jetstream: async () => (await import('./hand-written/jetstream-sink.ts')).openJetStreamSink,
  kafka: async () => (await import('./hand-written/kafka-sink.ts')).openKafkaSink,
  rabbitmq: async () => (await import('./hand-written/rabbitmq-sink.ts')).openRabbitMqSink,
};

/** The bridge for a case as one would write it by hand on the same clients. */
export async function handWrittenBridge(kind: Case): Promise<Bridge> {
  const start = await startOf(kind);
  return async (settings) => {
    const delivered = { count: 0 };
    const stop = await start(settings, delivered);
    return { delivered: () => delivered.count, stop };
  };
}

async function startOf({ name, ends }: Case): Promise<HandBridge> {
  if (ends === undefined) {
    return name === 'core-core'
      ? (await import('./hand-written/core-to-core.ts')).coreToCore
      : (await import('./hand-written/memory-to-memory.ts')).memoryToMemory;
  }
  const [source, openSink] = [await SOURCES[ends.from]?.(), await SINKS[ends.to]?.()];
  if (source === undefined || openSink === undefined) throw new Error(`no bridge for ${name} was written by hand`);
  return async (settings, delivered) => {
    const opened = await openSink(settings.where.sink, settings.name);
    const sink = { ...opened, window: settings.window ?? opened.window };
    const stop = await source(settings, sink, delivered);
    return async () => {
      await stop();
      await sink.close();
    };
  };
}
