import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { backlog } from './backlog.ts';
import type { Bridge } from '../harness/bridge.ts';
import { advanced, drained, settleIn } from './drain.ts';
import { FLAWLESS, judge, type Mark } from './judge.ts';
import { type Dice, dice, seedOfRun } from './random.ts';
import type { Scene } from './scene.ts';

const KEYS = 8;

/** What is done to each of several bridges, one after the other. */
export interface Interruptions {
  readonly times: number;
  /** What a bridge forwards at most between our look and its end: so much more is sent. */
  readonly overshoot: number;
  /** What is not to arrive; all is, unless said otherwise. */
  readonly rejects?: (mark: Mark) => boolean;
  /** Ends the bridge, one way or another. */
  end(bridge: Bridge, nth: number, roll: Dice): Promise<void>;
}

/**
 * Starts one bridge after the other on a backlog, ends each after it has forwarded a random number of messages, lets
 * the last one drain the rest, and judges what the stream holds. Returns what was sent.
 */
export async function interruptWhileDraining(
  t: TestContext,
  scene: Scene,
  how: Interruptions,
): Promise<readonly Mark[]> {
  const seed = seedOfRun();
  const roll = dice(seed);
  const advances = Array.from({ length: how.times }, () => roll(200, 1500));
  const total = advances.reduce((sum, advance) => sum + advance + how.overshoot, 2000);
  t.diagnostic(`SLUICE_SEED=${seed}: ${total} messages, interrupted after ${advances.join(', ')}`);
  await settleIn(scene);
  const sent = [...backlog(KEYS, total)];
  const wanted = sent.filter((mark) => how.rejects?.(mark) !== true);
  await scene.publish(sent);
  for (const [nth, advance] of advances.entries()) {
    const before = await scene.tracks.count();
    const bridge = scene.start();
    await advanced(scene, before + advance, bridge);
    await how.end(bridge, nth, roll);
    const count = await scene.tracks.count();
    assert.ok(count < wanted.length, `all was drained before interruption ${nth + 1}: it proves nothing`);
  }
  await drained(scene, wanted.length);
  assert.deepEqual(judge(wanted, await scene.stored()), FLAWLESS);
  return sent;
}
