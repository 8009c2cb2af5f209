import assert from 'node:assert/strict';
import { waitFor } from '../../harness/wait-for.ts';
import { type ConformanceTest, onlyRedelivering } from '../conformance-test.ts';
import { lossesOf } from '../ends.ts';
import { demand } from '../fixture.ts';
import { judgeTraffic, faultsAt } from '../traffic.ts';

const ROUNDS = 10;
const KILL_MARKS = [700];
const PAUSE_MARKS = [500];

const pause: ConformanceTest = {
  name: 'pause-in-traffic',
  sentence: 'a server that stands still for longer than a send waits, and then goes on, costs no frame and no order',
  excludes: onlyRedelivering,
  async judge(fixture) {
    const stop = demand(fixture.pause, 'server that can stand still');
    const goOn = demand(fixture.resume, 'server that can go on');
    let failures = 0;
    await judgeTraffic(fixture, {
      rounds: ROUNDS,
      onFailure: () => (failures += 1),
      onConfirmed: faultsAt(PAUSE_MARKS, async () => {
        stop();
        try {
          await waitFor(() => failures > 0, fixture.patienceMs, 'a send to the server that stands still to fail');
        } finally {
          goOn();
        }
      }),
    });
  },
};

const kill: ConformanceTest = {
  name: 'kill-in-traffic',
  sentence: 'a server that is killed while both ends flow, and restarted, costs no frame and no order',
  excludes: onlyRedelivering,
  async judge(fixture) {
    const { source, sink } = await judgeTraffic(fixture, {
      rounds: ROUNDS,
      onConfirmed: faultsAt(KILL_MARKS, async () => {
        await fixture.kill();
        await fixture.restart();
      }),
    });
    assert.ok(lossesOf(source) > 0 && lossesOf(sink) > 0, 'both ends felt it');
  },
};

export const SERVER: readonly ConformanceTest[] = [pause, kill];
