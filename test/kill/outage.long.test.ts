import { describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { serverTest } from '../harness/server-test.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { Bridge } from '../harness/bridge.ts';
import { interruptWhileDraining, type Interruptions } from './interrupt-while-draining.ts';
import type { Dice } from './random.ts';
import { type Scene, setScene } from './scene.ts';

const AWAY_MS = 5000;
/** How long a bridge may live behind the outage. */
const AFTERLIFE_MS = 30;
const BACK_MS = 30_000;

const timeoutMs = 300_000;

/** The server is killed and paused in turn; two bridges die while it is away, two just after they found it again. */
function killedAroundOutages(scene: Scene): Interruptions {
  const { core, tracks } = scene;
  const killServerAround = async (bridge: Bridge, nth: number, roll: Dice): Promise<void> => {
    const how = nth % 2 === 0 ? 'killed' : 'paused';
    const bridgeDies = nth % 4 < 2 ? 'meanwhile' : 'afterwards';
    const connects = (): number => bridge.lines().filter(({ event }) => event === 'connected').length;
    const before = connects();
    if (how === 'killed') await core.kill();
    else core.pause();
    await sleep(AWAY_MS);
    if (bridgeDies === 'meanwhile') await bridge.kill();
    if (how === 'killed') await core.restart();
    else core.resume();
    if (bridgeDies === 'afterwards') {
      if (how === 'killed') await waitFor(() => connects() > before, BACK_MS, 'the bridge to find the server again');
      await sleep(roll(0, AFTERLIFE_MS));
      await bridge.kill();
    }
    await waitFor(async () => (await tracks.count()) > 0, BACK_MS, 'the server to answer again');
  };
  return { times: 20, overshoot: 1500, end: killServerAround };
}

// At once: most of it is waiting.
void describe('with the server of the sink away for 5 s before each of 20 kills', { concurrency: true }, () => {
  serverTest(
    'a bridge from MQTT to JetStream loses nothing, keeps the order of each key and stores nothing twice',
    { needs: ['mosquitto-process', 'nats-process'], timeoutMs },
    async (t) => {
      await using scene = await setScene('mqtt');
      await interruptWhileDraining(t, scene, killedAroundOutages(scene));
    },
  );

  serverTest(
    'a bridge from JetStream to JetStream loses nothing, keeps the order of each key and stores nothing twice',
    { needs: ['nats-process'], timeoutMs },
    async (t) => {
      await using scene = await setScene('jetstream');
      await interruptWhileDraining(t, scene, killedAroundOutages(scene));
    },
  );
});
