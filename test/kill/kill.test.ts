import { law } from '../harness/law.ts';
import { interruptWhileDraining, type Interruptions } from './interrupt-while-draining.ts';
import { setScene } from './scene.ts';

const KILLED_20_TIMES: Interruptions = { times: 20, overshoot: 200, end: (bridge) => bridge.kill() };

law(
  'a bridge from MQTT to JetStream that is killed 20 times mid-drain loses nothing, keeps the order of each key and stores nothing twice',
  { needs: ['mosquitto-process', 'nats-process'] },
  async (t) => {
    await using scene = await setScene('mqtt');
    await interruptWhileDraining(t, scene, KILLED_20_TIMES);
  },
);

law(
  'a bridge from JetStream to JetStream that is killed 20 times mid-drain loses nothing, keeps the order of each key and stores nothing twice',
  { needs: ['nats-process'] },
  async (t) => {
    await using scene = await setScene('jetstream');
    await interruptWhileDraining(t, scene, KILLED_20_TIMES);
  },
);
