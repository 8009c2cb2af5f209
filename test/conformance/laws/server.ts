import assert from 'node:assert/strict';
import { waitFor } from '../../harness/wait-for.ts';
import { type ConformanceLaw, onlyRedelivering } from '../conformance-law.ts';
import { lossesOf } from '../ends.ts';
import { demand } from '../ground.ts';
import { judgeTraffic, strikesAt } from '../traffic.ts';

const ROUNDS = 10;
const KILL_MARKS = [700];
const PAUSE_MARKS = [500];

const pause: ConformanceLaw = {
  name: 'pause-in-traffic',
  sentence: 'a server that stands still for longer than a send waits, and then goes on, costs no frame and no order',
  excludes: onlyRedelivering,
  async judge(ground) {
    const stop = demand(ground.pause, 'server that can stand still');
    const goOn = demand(ground.resume, 'server that can go on');
    let failures = 0;
    await judgeTraffic(ground, {
      rounds: ROUNDS,
      onFailure: () => (failures += 1),
      onConfirmed: strikesAt(PAUSE_MARKS, async () => {
        stop();
        try {
          await waitFor(() => failures > 0, ground.patienceMs, 'a send to the server that stands still to fail');
        } finally {
          goOn();
        }
      }),
    });
  },
};

const kill: ConformanceLaw = {
  name: 'kill-in-traffic',
  sentence: 'a server that is killed while both ends flow, and restarted, costs no frame and no order',
  excludes: onlyRedelivering,
  async judge(ground) {
    const { source, sink } = await judgeTraffic(ground, {
      rounds: ROUNDS,
      onConfirmed: strikesAt(KILL_MARKS, async () => {
        await ground.kill();
        await ground.restart();
      }),
    });
    assert.ok(lossesOf(source) > 0 && lossesOf(sink) > 0, 'both ends felt it');
  },
};

export const SERVER: readonly ConformanceLaw[] = [pause, kill];
