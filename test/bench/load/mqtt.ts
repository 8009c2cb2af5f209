import mqtt from 'mqtt';
import { report } from '../work.ts';
import { inWindow, KEYS, type Load } from './load.ts';

/** Into the session of the run, which is subscribed by then: those of earlier runs hear nothing. The target is nobody's: what is published there ends at the server. */
export const mqttLoad: Load = {
  isConsumed: true,
  async fill(where, count, name) {
    const client = await mqtt.connectAsync(where.mqtt, { protocolVersion: 5 });
    await inWindow(count, 500, (number, done) => {
      client.publish(`in/${name}/${number % KEYS}`, report(number), { qos: 1 }, (failure) => {
        if (failure) throw failure;
        done();
      });
    });
    await client.endAsync();
  },
  makeTarget: () => Promise.resolve(),
  held: () => Promise.resolve(undefined),
};
