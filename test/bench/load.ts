import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import mqtt from 'mqtt';
import { publisher } from './hand-written/jetstream-publisher.ts';
import { report } from './work.ts';

/** Puts messages into an MQTT broker, QoS 1; resolves when all are confirmed. */
export async function fillMqtt(url: string, count: number): Promise<void> {
  const client = await mqtt.connectAsync(url, { protocolVersion: 5 });
  let open: Promise<unknown>[] = [];
  for (let number = 0; number < count; number += 1) {
    open.push(client.publishAsync(`in/${number % 50}`, report(number), { qos: 1 }));
    if (open.length < 500) continue;
    await Promise.all(open);
    open = [];
  }
  await Promise.all(open);
  await client.endAsync();
}

/** Makes the streams anew and fills IN. */
export async function fillStream(url: string, count: number): Promise<void> {
  const connection = await connect({ servers: url });
  const manager = await jetstreamManager(connection);
  for (const name of ['IN', 'OUT']) {
    await manager.streams.delete(name).catch(() => {});
    await manager.streams.add({ name, subjects: [`${name.toLowerCase()}.>`] });
  }
  const publish = publisher(connection);
  let confirmed = 0;
  await new Promise<void>((resolve) => {
    if (count === 0) resolve();
    const send = (number: number): void => {
      publish(`in.${number % 50}`, report(number), String(number), () => {
        confirmed += 1;
        if (confirmed === count) resolve();
        else if (number + 1000 < count) send(number + 1000);
      });
    };
    for (let number = 0; number < Math.min(1000, count); number += 1) send(number);
  });
  await connection.close();
}

/** Publishes on core NATS as fast as the bridge answers: at most `ahead` messages more than came out. */
export async function pourCore(url: string, name: string, count: number, ahead = 1024): Promise<void> {
  const connection = await connect({ servers: url, noAsyncTraces: true });
  let seen = 0;
  let sent = 0;
  const pour = (): void => {
    while (sent < count && sent - seen < ahead) {
      connection.publish(`in.${sent % 50}`, report(sent));
      sent += 1;
    }
  };
  await new Promise<void>((resolve) => {
    connection.subscribe(`out.${name}.*`, {
      callback() {
        seen += 1;
        if (seen === count) resolve();
        else if (seen % 128 === 0) pour();
      },
    });
    pour();
  });
  await connection.close();
}
