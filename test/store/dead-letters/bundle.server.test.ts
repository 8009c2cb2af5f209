import assert from 'node:assert/strict';
import { join } from 'node:path';
import { serverTest } from '../../harness/server-test.ts';
import { SERVERS } from '../../host/fixture.ts';
import { startNode, startSluice } from '../../harness/sluice-process.ts';
import { BROKEN, FIXED, letterFixture } from './dlq-fixture.ts';

serverTest('a running bundle sends letters through again that an older one left', SERVERS, async () => {
  await using place = await letterFixture();
  await place.fill(3);
  const bundle = async (source: string): Promise<string> => {
    place.mend(source);
    const out = join(place.state, '..', 'dist');
    await using building = startSluice(['build', place.file, '--out', out]);
    assert.equal(await building.ended(), 0, building.stderr());
    return join(out, 'bridge.mjs');
  };
  await using broken = startNode([await bundle(BROKEN), '--state', place.state]);
  await broken.said('ready');
  await place.publishBad(2);
  await broken.said('dead-letter', 2);
  broken.signal('SIGTERM');
  assert.equal(await broken.ended(), 0);
  await using fixed = startNode([await bundle(FIXED), '--state', place.state]);
  await fixed.said('ready');
  const { code, out, err } = await place.dlq('replay', '--json');
  assert.equal(code, 0, out + err);
  assert.match(err, /by the running pipeline/);
  assert.equal((await place.fixture.stream.read(5)).length, 5);
  assert.deepEqual(place.letters(), []);
});
