import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countDrops } from '../../runtime/cli/verify-drops.ts';
import { startMemoryRun } from '../host/memory-run.ts';

test('verify reads from the metrics of a running bridge how many messages a filter dropped since it began', async () => {
  await using run = await startMemoryRun({
    stages: [{ filter: 'body.keep' }],
    run: { admin: { host: '127.0.0.1', port: 0 } },
  });
  await run.publish('a', '{"keep":false}');
  await run.rest(1);
  const counts = await countDrops(run.project.path('state'), { name: 'r', droppingStages: ['filter'] });
  for (const keep of [true, false, false]) await run.publish('a', JSON.stringify({ keep }));
  await run.rest(4);
  assert.equal(await counts.read(), 2);
});
