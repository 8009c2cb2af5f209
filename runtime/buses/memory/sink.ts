import type { BusContext, EndOptions } from '#contract/bus.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Sink } from '#contract/sink.ts';
import { addresses } from './addresses.ts';
import { memoryHub } from './hub.ts';
import type { MemoryConnection, MemoryTo } from './options.ts';
import { reportOutages } from './outages.ts';

export function openSink({ connection }: EndOptions<MemoryConnection, MemoryTo>, context: BusContext): Sink {
  const hub = memoryHub(connection.hub);
  const detach = reportOutages(connection.hub, context);
  let isClosed = false;
  return {
    maxInFlight: 256,
    send(frame) {
      if (isClosed) return Promise.reject(new SluiceError('SINK_DOWN', 'the sink is closed'));
      const flaw = addresses.flaw(frame.address);
      if (flaw !== undefined) throw new SluiceError('ADDRESS_INVALID', `the address holds ${flaw}`);
      return hub.publish(frame);
    },
    close() {
      isClosed = true;
      detach();
      return Promise.resolve();
    },
  };
}
