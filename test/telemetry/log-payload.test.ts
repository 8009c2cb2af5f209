import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startMemoryRun } from '../host/memory-run.ts';

const SECRET = 'p4yl0ad';

const FAILING: readonly (readonly [what: string, settings: Parameters<typeof startMemoryRun>[0], body: string])[] = [
  [
    'a schema',
    {
      files: { 'schemas/s.json': { type: 'object', properties: { x: { type: 'number' } } } },
      stages: [{ validate: 's' }],
    },
    `{"x":"${SECRET}"}`,
  ],
  ['the decoder', { stages: [{ filter: 'body.x == 1' }] }, `{"x":${SECRET}}`],
  ['the address', { to: { address: 'out/{body.y}' } }, `{"x":"${SECRET}"}`],
  ['the time', { from: { timestamp: '{body.x}' } }, `{"x":"${SECRET}"}`],
  ['the sequence', { from: { sequence: '{body.x}' } }, `{"x":"${SECRET}"}`],
  ['an expression', { stages: [{ filter: 'body.x > 1.0' }] }, `{"x":"${SECRET}"}`],
];

for (const [what, settings, body] of FAILING) {
  test(`no line of the log holds what a message holds, key and headers neither, where ${what} refuses it`, async () => {
    await using run = await startMemoryRun({ ...settings, run: { drainMs: 100 } });
    await run.publish(SECRET.replace('p', 'q'), body, { key: SECRET, headers: new Map([['h', [SECRET]]]) });
    const { delivered } = await run.rest(1);
    assert.equal(delivered, 0);
    await run.stop();
    assert.ok(run.said.some(({ event, fields }) => event === 'dead-letter' && typeof fields['code'] === 'string'));
    assert.deepEqual(
      run.said.filter((line) => JSON.stringify(line).includes(SECRET)),
      [],
    );
  });
}
