import assert from 'node:assert/strict';
import { serverTest } from '../../harness/server-test.ts';
import { startNats } from '../../harness/nats.ts';
import { patient } from '../../harness/patience.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { withStream } from './admin.ts';
import { ids, opened, others, PREFIX, tailOf, write } from './log-recovery.ts';

const MILLION = 1_000_000;

serverTest(
  'the tail of a stream of a million messages is read in less than a second',
  { needs: ['nats-process'] },
  async (t) => {
    await using broker = await startNats();
    await using admin = await withStream(broker);
    await others(admin.connection, MILLION / 2, 'tracks.b');
    await write(admin.connection, ids(0, MILLION / 2));
    const { manager } = admin;
    await waitFor(async () => (await manager.streams.info('TRACKS')).state.messages === MILLION, 60_000, 'a million');
    const sink = await opened(broker.url);
    const startedMs = performance.now();
    const { ids: found, seen } = await tailOf(sink, 32_768);
    const tookMs = performance.now() - startedMs;
    t.diagnostic(`${found.size} ids of ${seen} messages in ${Math.round(tookMs)} ms`);
    assert.ok(found.has(`${PREFIX}m:${MILLION / 2 - 1}`) && found.size >= 32_768);
    assert.ok(tookMs < patient(1000), `${tookMs} ms`);
  },
);
