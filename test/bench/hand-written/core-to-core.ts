import { connect } from '@nats-io/transport-node';
import type { HandBridge } from '../bridge.ts';
import { translate } from '../work.ts';

/** The shortest there is: from callback to publish. No bound, no confirmation. */
export const coreToCore: HandBridge = async ({ where, name, tag }, delivered) => {
  const connection = await connect({ servers: where.source, noAsyncTraces: true });
  connection.subscribe(`core.in.${tag}.*`, {
    callback(_failure, message) {
      const key = message.subject.split('.')[3] ?? '';
      connection.publish(`core.out.${name}.${key}`, translate(message.data));
      delivered.count += 1;
    },
  });
  await connection.flush();
  return () => connection.close();
};
