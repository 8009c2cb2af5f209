import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect as connectNats } from '@nats-io/transport-node';
import { connectAsync } from 'mqtt';
import { certificates } from './certificates.ts';
import { serverTest } from './server-test.ts';
import { startMosquitto } from './mosquitto.ts';
import { startNats } from './nats.ts';

const NEEDS = ['nats-process', 'openssl'] as const;

serverTest('a nats-server with a client CA takes its client and refuses a stranger', { needs: NEEDS }, async () => {
  using made = await certificates();
  await using nats = await startNats({ jetstream: false, tls: { ...made.server, clientCa: made.ca } });
  const open = (pair: { cert: string; key: string }) =>
    connectNats({
      servers: nats.url,
      reconnect: false,
      tls: { caFile: made.ca, certFile: pair.cert, keyFile: pair.key },
    });
  await (await open(made.client)).close();
  await assert.rejects(open(made.stranger));
});

serverTest('so does a mosquitto', { needs: ['mosquitto-process', 'openssl'] }, async () => {
  using made = await certificates();
  await using mosquitto = await startMosquitto({ tls: { ...made.server, clientCa: made.ca } });
  const open = (pair: { cert: string; key: string }) =>
    connectAsync(mosquitto.url, {
      reconnectPeriod: 0,
      ca: readFileSync(made.ca),
      cert: readFileSync(pair.cert),
      key: readFileSync(pair.key),
    });
  await (await open(made.client)).endAsync();
  await assert.rejects(open(made.stranger));
});
