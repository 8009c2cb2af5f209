import assert from 'node:assert/strict';
import { connect as connectNats } from '@nats-io/transport-node';
import { connect, connectAsync } from 'mqtt';
import { serverTest } from './server-test.ts';
import { startMosquitto } from './mosquitto.ts';
import { startNats } from './nats.ts';
import { portOpen } from '../../runtime/infra/probe.ts';
import { waitFor } from './wait-for.ts';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';

serverTest(
  'a killed nats-server comes back with its streams on the same port',
  { needs: ['nats-process'] },
  async () => {
    await using nats = await startNats();
    const first = await connectNats({ servers: nats.url, reconnect: false });
    await (await jetstreamManager(first)).streams.add({ name: 'S', subjects: ['s.>'] });
    await jetstream(first).publish('s.1', 'kept');
    await nats.kill();
    assert.equal(await portOpen(nats.port), false);
    await first.close();
    await nats.restart();
    const second = await connectNats({ servers: nats.url });
    assert.equal((await (await jetstreamManager(second)).streams.info('S')).state.messages, 1);
    await second.close();
  },
);

serverTest('nothing of a server is left once its handle is gone', { needs: ['nats-process'] }, async () => {
  let port = 0;
  {
    await using nats = await startNats({ jetstream: false });
    port = nats.port;
    nats.pause();
  }
  assert.equal(await portOpen(port), false);
});

serverTest('a killed mosquitto gives back what it was told to save', { needs: ['mosquitto-process'] }, async () => {
  await using mosquitto = await startMosquitto({ users: { ann: 'secret' } });
  const open = (clientId: string, clean: boolean) =>
    connectAsync(mosquitto.url, {
      username: 'ann',
      password: 'secret',
      clientId,
      clean,
      reconnectPeriod: 0,
    });
  const away = await open('away', false);
  await away.subscribeAsync('t', { qos: 1 });
  await away.endAsync();
  const sender = await open('sender', true);
  await sender.publishAsync('t', 'kept', { qos: 1 });
  await sender.endAsync();
  await mosquitto.saveNow();
  await mosquitto.kill();
  await mosquitto.restart();
  const back = connect(mosquitto.url, {
    username: 'ann',
    password: 'secret',
    clientId: 'away',
    clean: false,
  });
  let arrived: string | undefined;
  back.on('message', (_topic, body) => (arrived = body.toString()));
  assert.equal(await waitFor(() => arrived, 10_000, 'the message'), 'kept');
  await back.endAsync();
});

serverTest('a mosquitto with users lets nobody else in', { needs: ['mosquitto-process'] }, async () => {
  await using mosquitto = await startMosquitto({ users: { ann: 'secret' } });
  await assert.rejects(connectAsync(mosquitto.url, { username: 'ann', password: 'wrong', reconnectPeriod: 0 }));
});
