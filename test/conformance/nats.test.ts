import { nats } from '../../runtime/buses/nats/core.ts';
import { startNats } from '../harness/nats.ts';
import { conformance } from './conformance.ts';
import { judged, promisesOf, serverGround } from './server-ground.ts';

const options = judged(nats, {
  from: { subjects: ['law.>'] },
  to: { subject: 'law.{key}', timeout: '2s' },
});

conformance({
  name: 'nats',
  needs: ['nats-process'],
  promises: promisesOf(options),
  async arrange() {
    const server = await startNats({ jetstream: false });
    return serverGround(options, server, { address: (name) => `law.${name}`, sendDeadlineMs: 5000 });
  },
});
