import assert from 'node:assert/strict';
import { serverTest } from '../harness/server-test.ts';
import { fixture, SERVERS } from './fixture.ts';
import { comeThrough } from './poison-steps.ts';

/** A route without a function. */
const route = { stages: [{ validate: 's' }] };
const files = { 'schemas/s.json': { type: 'object', required: ['n'] } };

serverTest(
  'a body of 20 MB is a dead letter with its bytes before anything decodes it, and the 20 good ones arrive',
  SERVERS,
  async () => {
    await using scene = await fixture({ route, files });
    const poison = Buffer.from(`[${'{},'.repeat(6_666_666)}{}]`);
    const { ends, letters, bodies } = await comeThrough(scene, poison, { mostEnds: 0 });
    assert.deepEqual([ends, letters], [[], [['BODY_TOO_LARGE', 'decode']]]);
    assert.ok(poison.equals(bodies[0] ?? new Uint8Array()), 'the letter holds the original bytes');
  },
);

serverTest(
  'a message that fills the memory while it is decoded ends the bridge four times at most: then it is a dead letter, and the 20 good ones arrive',
  SERVERS,
  async () => {
    await using scene = await fixture({ route, files });
    const poison = Buffer.from(`[${'{"a":[]},'.repeat(800_000)}{}]`);
    const env = { NODE_OPTIONS: '--max-old-space-size=48' };
    const { ends, letters } = await comeThrough(scene, poison, { mostEnds: 4, env });
    assert.ok(ends.length >= 3, 'nothing ended the bridge: it proves nothing');
    assert.deepEqual(letters, [['PROCESS_ENDED', null]]);
  },
);
