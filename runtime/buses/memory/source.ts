import type { BusContext, EndOptions } from '#contract/bus.ts';
import type { Source } from '#contract/source.ts';
import { memoryHub } from './hub.ts';
import type { MemoryConnection, MemoryFrom } from './options.ts';
import { reportOutages } from './outages.ts';

export function openSource({ connection, end }: EndOptions<MemoryConnection, MemoryFrom>, context: BusContext): Source {
  const hub = memoryHub(connection.hub);
  const subscription = hub.subscribe(`${context.pipeline}/${context.route}`, end.addresses);
  const detach = reportOutages(connection.hub, context);
  return {
    read: (room, signal) => subscription.read(room, signal),
    close() {
      detach();
      // Deliveries that were read and not settled are delivered again, as by any durable consumer.
      subscription.interrupt();
      subscription.resume();
      return Promise.resolve();
    },
  };
}
