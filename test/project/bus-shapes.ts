import type { Bus, Guarantees } from '#contract/bus.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { withDefaults } from '../conformance/ground.ts';

/** One way to use a bus, under the name that its page gives it. Options that are not named have their defaults. */
export type BusShape = { readonly bus: string; readonly title: string; readonly connection?: object } & (
  | { readonly from: object }
  | { readonly to: object }
);

/** The ways to use a bus that promise something different from one another. */
export const SHAPES: readonly BusShape[] = [
  { bus: 'mqtt', title: 'source, QoS 1', from: { topics: ['a'] } },
  { bus: 'mqtt', title: 'source, `shared`', from: { topics: ['a'], shared: 'g' } },
  { bus: 'mqtt', title: 'source, QoS 0', from: { topics: ['a'], qos: 0 } },
  { bus: 'mqtt', title: 'source, 3.1.1', connection: { protocol: '3.1.1' }, from: { topics: ['a'] } },
  { bus: 'mqtt', title: 'sink, QoS 1', to: { topic: 'a' } },
  { bus: 'mqtt', title: 'sink, QoS 0', to: { topic: 'a', qos: 0 } },
  { bus: 'mqtt', title: 'sink, 3.1.1', connection: { protocol: '3.1.1' }, to: { topic: 'a' } },
  { bus: 'nats', title: 'source', from: { subjects: ['a'] } },
  { bus: 'nats', title: 'sink', to: { subject: 'a' } },
  { bus: 'jetstream', title: 'source', from: { stream: 'S' } },
  { bus: 'jetstream', title: 'sink', to: { stream: 'S', subject: 'a' } },
  { bus: 'kafka', title: 'source', from: { topics: ['a'] } },
  { bus: 'kafka', title: 'source, `start: latest`', from: { topics: ['a'], start: 'latest' } },
  { bus: 'kafka', title: 'sink', to: { topic: 'a' } },
  { bus: 'rabbitmq', title: 'source', from: { queue: 'q' } },
  { bus: 'rabbitmq', title: 'source, `shared`', from: { queue: 'q', shared: true } },
  { bus: 'rabbitmq', title: 'source, stream', from: { queue: 'q', type: 'stream' } },
  { bus: 'rabbitmq', title: 'sink', to: { exchange: 'e' } },
  { bus: 'rabbitmq', title: 'sink, `persistent: false`', to: { queue: 'q', persistent: false } },
];

export function busesByName(name: string): Bus {
  const bus = catalog.buses.get(name);
  if (bus === undefined) throw new Error(`no bus ${name} in the catalog`);
  return bus;
}

export function guaranteesOf(shape: BusShape): Guarantees {
  const bus = busesByName(shape.bus);
  const connection = withDefaults(bus.connectionSchema, { ...shape.connection });
  return 'from' in shape
    ? bus.sourceGuarantees({ connection, end: withDefaults(bus.sourceSchema, shape.from) })
    : bus.sinkGuarantees({ connection, end: withDefaults(bus.sinkSchema, shape.to) });
}
