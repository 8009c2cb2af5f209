import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { Where } from '../bridge.ts';
import { publisher } from '../hand-written/jetstream-publisher.ts';
import { report } from '../work.ts';
import { inWindow, KEYS, type Load } from './load.ts';

async function withManager<T>({ nats }: Where, work: (manager: JetStreamManager) => Promise<T>): Promise<T> {
  const connection = await connect({ servers: nats });
  try {
    return await work(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

function makeStream(where: Where, name: 'IN' | 'OUT'): Promise<void> {
  return withManager(where, async (manager) => {
    await manager.streams.delete(name).catch(() => {});
    await manager.streams.add({ name, subjects: [`${name.toLowerCase()}.>`] });
  });
}

export const jetstreamLoad: Load = {
  isConsumed: false,
  async fill(where, count) {
    await makeStream(where, 'IN');
    const connection = await connect({ servers: where.nats });
    const publish = publisher(connection);
    await inWindow(count, 1000, (number, done) => publish(`in.${number % KEYS}`, report(number), String(number), done));
    await connection.close();
  },
  makeTarget: (where) => makeStream(where, 'OUT'),
  held: (where) => withManager(where, async (manager) => (await manager.streams.info('OUT')).state.messages),
};
