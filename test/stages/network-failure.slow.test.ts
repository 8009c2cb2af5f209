import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../harness/free-ports.ts';
import { startMemoryRun } from '../host/memory-run.ts';

const source = (port: number): string => `
  export default async (body) => {
    const answer = await fetch('http://127.0.0.1:${port}/');
    return { ...body, answer: await answer.text() };
  };`;

for (const [where, stage] of [
  ['in the process', {}],
  ['in a thread', { isolate: 'worker' }],
] as const) {
  test(`an HTTP service that is away for 3 s kills no message of a function ${where}, under the default retry`, async () => {
    const [port = 0] = await freePorts(1);
    await using run = await startMemoryRun({
      files: { 'functions/f.ts': source(port) },
      stages: [{ function: 'f', ...stage }],
    });
    await run.publish('a', '{"n":1}');
    // Five tries would have been over.
    await sleep(3000);
    const server = createServer((_, response) => response.end('here')).listen(port, '127.0.0.1');
    try {
      const [frame] = await run.take(1);
      assert.equal(Buffer.from(frame?.body ?? []).toString(), '{"n":1,"answer":"here"}');
      assert.equal((await run.rest(1)).deadLettered, 0);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
}

test('a dead letter of the network says the code of the cause, and retry.network ends the tries earlier', async () => {
  const [port = 0] = await freePorts(1);
  await using run = await startMemoryRun({
    files: { 'functions/f.ts': source(port) },
    stages: [{ function: 'f' }],
    route: { retry: { attempts: 2, backoff: '10ms..20ms', network: '200ms' } },
  });
  await run.publish('a', '{"n":1}');
  const { retries } = await run.rest(1);
  assert.ok(retries > 2, `${retries} retries`);
  const [letter] = run.letters();
  assert.equal(letter?.['code'], 'TRANSFORM_UNREACHABLE');
  assert.equal(letter?.['text'], 'f threw TypeError: fetch failed (ECONNREFUSED)');
});
