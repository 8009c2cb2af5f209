import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConformanceTest, onlyOrdered } from '../conformance-test.ts';
import { lossesOf } from '../ends.ts';
import type { Path } from '../fixture.ts';
import { judgeTraffic, type Faults, faultsAt } from '../traffic.ts';

const ROUNDS = 6;
/** Long enough for sends to meet a bus that is away. */
const OUTAGE_MS = 20;

function cutsAt(path: Path, marks: readonly number[]): Faults {
  return faultsAt(marks, async () => {
    await path.cut();
    await sleep(OUTAGE_MS);
    await path.mend();
  });
}

const order: ConformanceTest = {
  name: 'order',
  sentence: 'frames of one key arrive in the order in which they were sent, and all of them',
  excludes: onlyOrdered,
  async judge(fixture) {
    await judgeTraffic(fixture, { rounds: ROUNDS });
  },
};

const orderUnderCuts: ConformanceTest = {
  name: 'order-under-cuts',
  sentence: 'cuts of the links lose nothing and reorder nothing within a key',
  excludes: onlyOrdered,
  async judge(fixture) {
    const sinkMarks = [100, 400, 700, 1000];
    // A source that promises at most once loses what is sent while it is away, and no test says otherwise.
    const sourceMarks = fixture.source.redelivers ? [200, 500, 800] : [];
    const { source, sink } = await judgeTraffic(fixture, {
      rounds: ROUNDS,
      onConfirmed: cutsAt(fixture.sinkPath, sinkMarks),
      onRead: cutsAt(fixture.sourcePath, sourceMarks),
    });
    assert.ok(lossesOf(sink) >= sinkMarks.length, 'the sink felt every cut');
    assert.ok(lossesOf(source) >= Math.min(1, sourceMarks.length), 'the source felt a cut');
  },
};

export const SEQUENCE: readonly ConformanceTest[] = [order, orderUnderCuts];
