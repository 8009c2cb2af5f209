import { serverTest } from '../harness/server-test.ts';
import { interruptWhileDraining, type Interruptions } from './interrupt-while-draining.ts';
import { type Scene, setScene } from './scene.ts';

/** So that an acknowledgement that went out too early arrives, while what it was for is still under way. */
const DELAY_MS = 5;

/** In turn the process dies, whose last words the kernel still delivers, and its machine, with all that is under way. */
function killed20Times({ fieldLink, coreLink }: Scene): Interruptions {
  const links = [fieldLink, coreLink];
  coreLink.delayMs(DELAY_MS);
  return {
    times: 20,
    overshoot: 1500,
    async end(bridge, nth) {
      if (nth % 2 === 0) return bridge.kill();
      await Promise.all([...links.map((link) => link.cut()), bridge.kill()]);
      await Promise.all(links.map((link) => link.mend()));
    },
  };
}

serverTest(
  'a bridge from MQTT to JetStream that is killed 20 times mid-drain loses nothing, keeps the order of each key and stores nothing twice',
  { needs: ['mosquitto-process', 'nats-process'] },
  async (t) => {
    await using scene = await setScene('mqtt', { links: true });
    await interruptWhileDraining(t, scene, killed20Times(scene));
  },
);

serverTest(
  'a bridge from JetStream to JetStream that is killed 20 times mid-drain loses nothing, keeps the order of each key and stores nothing twice',
  { needs: ['nats-process'] },
  async (t) => {
    await using scene = await setScene('jetstream', { links: true });
    await interruptWhileDraining(t, scene, killed20Times(scene));
  },
);
