import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { startMemoryRun } from '../host/memory-run.ts';
import { hostileRequests } from './hostile-requests.ts';

const AT_ONCE = 40;
const SEED = 17;
/** What has no end by itself (an open stream, a body that is promised) is cut. */
const CUT_MS = 60;

/** Sends it on a connection of its own, and resolves once that has ended. */
function send(port: number, request: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.setTimeout(CUT_MS, () => socket.destroy());
    socket.on('error', () => {});
    socket.on('data', () => {});
    socket.on('close', () => resolve());
    socket.on('connect', () => socket.end(request, 'latin1'));
  });
}

/** Sends so many hostile requests to a pipeline at work, and judges that it answers and carries messages meanwhile. */
export async function floodPort(count: number): Promise<void> {
  await using run = await startMemoryRun({ run: { admin: { host: '127.0.0.1', port: 0, isWritable: true } } });
  const url = run.pipeline.adminUrl ?? '';
  const port = Number(new URL(url).port);
  const requests = hostileRequests(count, SEED);
  const over = new AbortController();
  let sent = 0;
  let published = 0;
  const flow = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await run.publish('a', String((published += 1)));
      const startMs = performance.now();
      await run.take(1);
      const tookMs = performance.now() - startMs;
      assert.ok(tookMs < 2000, `a message took ${tookMs} ms`);
    }
  };
  const flowing = flow();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let request = requests[sent++]; request !== undefined; request = requests[sent++]) await send(port, request);
    }),
  );
  over.abort();
  await flowing;
  assert.ok(published > 50, `${published} messages`);
  assert.equal((await fetch(`${url}/livez`)).status, 200);
  assert.equal((await fetch(`${url}/`)).status, 200);
  const faults = run.said.filter(({ event }) => event === 'admin-fault');
  assert.deepEqual(faults, [], 'no page fails for what it is asked');
}
