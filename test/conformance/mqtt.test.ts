import { mqtt } from '../../runtime/buses/mqtt/index.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { conformance } from './conformance.ts';
import { judged, promisesOf, serverGround } from './server-ground.ts';

for (const protocol of ['5', '3.1.1'] as const) {
  const options = judged(mqtt, {
    connection: { protocol },
    from: { topics: ['law/#'] },
    to: { topic: 'law/{key}', timeout: '2s' },
  });
  conformance({
    name: `mqtt ${protocol}`,
    needs: ['mosquitto-process'],
    promises: promisesOf(options),
    async arrange() {
      const server = await startMosquitto();
      return serverGround(options, server, {
        address: (name) => `law/${name}`,
        sendDeadlineMs: 6000,
        // A PUBACK of mosquitto is not durable: it keeps what it was told to write down.
        beforeKill: () => server.saveNow(),
      });
    },
  });
}
