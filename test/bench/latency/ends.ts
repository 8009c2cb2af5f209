import type { TrafficEnd } from './end.ts';
import { jetstreamEnd } from './jetstream.ts';
import { kafkaEnd } from './kafka.ts';
import { mqttEnd } from './mqtt.ts';
import { natsEnd } from './nats.ts';
import { rabbitmqEnd } from './rabbitmq.ts';

const ENDS: Readonly<Record<string, TrafficEnd>> = {
  mqtt: mqttEnd,
  nats: natsEnd,
  jetstream: jetstreamEnd,
  kafka: kafkaEnd,
  rabbitmq: rabbitmqEnd,
};

export function endOf(bus: string): TrafficEnd {
  const end = ENDS[bus];
  if (end === undefined) throw new Error(`no traffic through ${bus}: see test/bench/latency/ends.ts`);
  return end;
}
