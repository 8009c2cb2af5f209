import { memoryHub } from '../../../runtime/buses/memory/hub.ts';
import { ACCEPT } from '../../../runtime/contract/delivery.ts';
import type { HandBridge } from '../bridge.ts';
import { translate } from '../work.ts';

/** A loop over the same hubs. */
export const memoryToMemory: HandBridge = async ({ name }, delivered) => {
  const source = memoryHub('in').subscribe(name, ['#']);
  const sink = memoryHub('out');
  const stopping = new AbortController();
  const reading = (async () => {
    while (!stopping.signal.aborted) {
      for (const delivery of await source.read({ messages: 256, bytes: 2 ** 26 }, stopping.signal)) {
        const { frame } = delivery;
        const key = frame.address.split('/')[1] ?? '';
        const sent = {
          ...frame,
          address: `out/${key}`,
          body: translate(frame.body ?? new Uint8Array()),
          id: `${name}/${delivery.id}`,
        };
        void sink.publish(sent).then(() => {
          delivery.settle(ACCEPT);
          delivered.count += 1;
        });
      }
      await new Promise(setImmediate);
    }
  })();
  return async () => {
    stopping.abort();
    await reading;
  };
};
