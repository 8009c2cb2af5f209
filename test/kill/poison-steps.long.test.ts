import assert from 'node:assert/strict';
import { serverTest } from '../harness/server-test.ts';
import { fixture, SERVERS } from '../host/fixture.ts';
import { comeThrough } from '../host/poison-steps.ts';

/** Takes twice the time for each level, and makes nothing meanwhile: no list of patterns tells it from others. */
const list = { type: 'array', items: { $ref: 'https://example.org/list' } };
const EXPLODING = {
  $id: 'https://example.org/list',
  anyOf: [{ type: 'object' }, { allOf: [{ not: { not: list } }, { not: { not: list } }] }],
};

serverTest(
  'a message whose validation never ends, on a route without functions, is named and ends the bridge three times: then it is a dead letter, and the 20 good ones arrive',
  SERVERS,
  async () => {
    await using scene = await fixture({
      route: { stages: [{ validate: 's' }] },
      files: { 'schemas/s.json': EXPLODING },
    });
    const poison = Buffer.from('['.repeat(60) + ']'.repeat(60));
    const startMs = performance.now();
    const { ends, letters, said } = await comeThrough(scene, poison, { mostEnds: 3, deadlineMs: 60_000 });
    assert.deepEqual([ends, letters], [['SIGKILL', 'SIGKILL', 'SIGKILL'], [['PROCESS_ENDED', null]]]);
    assert.match(said, /"event":"stuck".*"stage":"validate s"/);
    assert.ok(performance.now() - startMs < 120_000);
  },
);
