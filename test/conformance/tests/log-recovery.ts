import assert from 'node:assert/strict';
import { patient } from '../../harness/patience.ts';
import type { ConformanceTest } from '../conformance-test.ts';
import { openSink } from '../ends.ts';
import { numbered } from '../frame-of.ts';
import { sendAll } from '../send-all.ts';

const COUNT = 50;
const PREFIX = 'conformance/test/';

const tail: ConformanceTest = {
  name: 'tail',
  sentence:
    'a sink has a tail exactly where its guarantees say so; at its start it tells the ids of the route that the bus holds, and no others',
  async judge(fixture) {
    const frames = numbered(fixture, COUNT).map((frame) => ({ ...frame, id: `${PREFIX}${frame.id}` }));
    const others = numbered(fixture, COUNT).map((frame) => ({ ...frame, id: `conformance/test-2/${frame.id}` }));
    const before = await openSink(fixture);
    await sendAll(fixture, before.sink, [...frames, ...others]);
    await before.close();
    await using after = await openSink(fixture);
    assert.equal(after.sink.recoverIds !== undefined, fixture.sink.recoversIds);
    if (after.sink.recoverIds === undefined) return;
    const { ids } = await after.sink.recoverIds(
      { prefix: PREFIX, most: 1000 },
      AbortSignal.timeout(patient(fixture.patienceMs)),
    );
    assert.deepEqual(new Set(ids.keys()), new Set(frames.map(({ id }) => id)));
  },
};

export const TAIL: readonly ConformanceTest[] = [tail];
