import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { jetstream } from '../../runtime/buses/nats/jetstream.ts';
import { startNats } from '../harness/nats.ts';
import { conformance } from './conformance.ts';
import { judged, promisesOf, serverGround } from './server-ground.ts';

const options = judged(jetstream, {
  from: { stream: 'LAW' },
  to: { stream: 'LAW', subject: 'law.{key}', timeout: '2s' },
});

conformance({
  name: 'jetstream',
  needs: ['nats-process'],
  promises: promisesOf(options),
  async arrange() {
    const server = await startNats();
    const connection = await connect({ servers: server.url });
    await (await jetstreamManager(connection)).streams.add({ name: 'LAW', subjects: ['law.>'] });
    await connection.close();
    return serverGround(options, server, { address: (name) => `law.${name}`, sendDeadlineMs: 5000 });
  },
});
