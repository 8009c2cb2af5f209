import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { patient } from '../harness/patience.ts';
import { type MemoryRun, startMemoryRun } from './memory-run.ts';

/** What a neighbour may lose beyond a message's own tries. */
const NEIGHBOUR_MS = 100;

async function arrival(run: MemoryRun): Promise<{ text: string; atMs: number }> {
  const [frame] = await run.take(1);
  return { text: Buffer.from(frame?.body ?? []).toString(), atMs: performance.now() };
}

for (const [what, poison, ownMs] of [
  ['throws', "throw new Error('no');", 0],
  ['rejects a while later', "return new Promise((_, fail) => setTimeout(() => fail(new Error('no')), 200));", 400],
  ['exceeds its deadline', 'return new Promise(() => {});', 800],
] as const) {
  test(`a message whose function ${what} holds up no other key for more than ${NEIGHBOUR_MS} ms, and its own key no longer than its tries last`, async () => {
    await using run = await startMemoryRun({
      files: { 'functions/f.ts': `export default (body) => { if (body === 'poison') { ${poison} } return body; };` },
      stages: [{ function: 'f', timeout: '400ms' }],
      route: { retry: { attempts: 2, backoff: '300ms..300ms' } },
      from: { key: '{address.1}' },
    });
    const startMs = performance.now();
    await run.publish('a', '"poison"');
    await run.publish('a', '"same key"');
    await run.publish('b', '"other key"');
    const other = await arrival(run);
    assert.equal(other.text, '"other key"');
    assert.ok(other.atMs - startMs < patient(NEIGHBOUR_MS), `${Math.round(other.atMs - startMs)} ms`);
    const same = await arrival(run);
    assert.equal(same.text, '"same key"');
    // Jitter takes up to half of a pause away, and adds nothing.
    const triesMs = ownMs + 300;
    assert.ok(
      same.atMs - startMs < triesMs + patient(NEIGHBOUR_MS),
      `${Math.round(same.atMs - startMs)} of ${triesMs} ms`,
    );
    assert.ok(same.atMs - startMs >= triesMs / 2);
    await run.rest(3);
  });
}

test('a pipeline that looks at no body writes nothing down about suspects', async () => {
  await using run = await startMemoryRun({});
  assert.deepEqual(
    readdirSync(run.project.path('state')).filter((file) => file.includes('suspects')),
    [],
  );
  await using other = await startMemoryRun({ to: { headers: { set: { n: '{body.n}' } } } });
  assert.ok(readdirSync(other.project.path('state')).includes('state.sqlite'), 'what decodes is guarded');
});
