import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../harness/wait-for.ts';
import type { Bridge } from '../harness/bridge.ts';
import type { Scene } from './scene.ts';

const ADVANCE_MS = 60_000;
const DRAIN_MS = 90_000;
const STOP_MS = 15_000;
const QUIET_MS = 300;

/** Runs a bridge once, so that its source knows it: a session, or a consumer, which holds what comes while none runs. */
export async function settleIn(scene: Scene): Promise<void> {
  const first = scene.start();
  await first.ready();
  await stopped(first);
}

/** SIGTERM, after which it must end well. What was waited for may be the work of one before it: so first it is ready. */
export async function stopped(bridge: Bridge): Promise<void> {
  await bridge.ready();
  assert.equal(await bridge.terminate(STOP_MS), 'exit code 0', bridge.tail());
}

/** Waits until the stream holds `count` messages; fails at once when the bridge ends before. */
export async function advanced(
  scene: Scene,
  count: number,
  bridge: Bridge,
  deadlineMs: number = ADVANCE_MS,
): Promise<void> {
  const failed = async (why: string, cause?: unknown): Promise<never> => {
    const arrived = await scene.tracks.count();
    throw new Error(`${why}: ${arrived} of ${count} tracks arrived, and no more:\n${bridge.tail()}`, { cause });
  };
  const outcome = await waitFor(
    async () => {
      const { exit } = bridge;
      return (await scene.tracks.count()) >= count ? 'there' : exit && `the bridge ended (${exit})`;
    },
    deadlineMs,
    `${count} tracks`,
  ).catch((cause: unknown) => failed('the bridge still runs', cause));
  if (outcome !== 'there') await failed(outcome);
}

/** Lets a bridge run until the stream holds `total`; then the source must have nothing left. */
export async function drained(scene: Scene, total: number, bridge: Bridge = scene.start()): Promise<void> {
  await advanced(scene, total, bridge, DRAIN_MS);
  await stopped(bridge);
  await nothingLeft(scene);
}

/** Everything was acknowledged at the source: a bridge that starts now is given nothing. */
async function nothingLeft(scene: Scene): Promise<void> {
  const bridge = scene.start();
  await bridge.ready();
  await sleep(QUIET_MS);
  await stopped(bridge);
  const farewell = bridge.lines().find(({ event }) => event === 'stopped');
  assert.equal(farewell?.['accepted'], 0, 'the source gives again what was drained');
}
