import assert from 'node:assert/strict';
import { serverTest } from '../../harness/server-test.ts';
import { startLink } from '../../harness/link.ts';
import { sharedNats } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { withStream } from './admin.ts';
import { connectionTo, frameForTest, jetstream, outcomeOf, over, recordedContext } from './ends.ts';

const BODY = 'x'.repeat(500_000);
/** More than the buffers of the link and of the system take. */
const FRAMES = 60;

serverTest(
  'a sink whose server takes nothing any more, with its socket full, makes another connection',
  { needs: ['nats'] },
  async () => {
    await using broker = await sharedNats();
    await using admin = await withStream(broker);
    await using link = await startLink(broker.port);
    const context = recordedContext({ direction: 'sink' });
    const connection = { ...connectionTo(over(broker.url, link)), keepAlive: '1s' };
    const sink = await jetstream.openSink(
      { connection, end: { stream: 'TRACKS', subject: 'tracks.a', timeout: '2s' } },
      context,
    );
    assert.equal(await sink.send(frameForTest('tracks.a', 'first')), 'confirmed');
    link.blackhole();
    const accepted = link.accepted;
    const sends = Array.from({ length: FRAMES }, () => outcomeOf(() => sink.send(frameForTest('tracks.a', BODY))));
    const outcomes = new Set(await Promise.all(sends));
    assert.ok(!outcomes.has('confirmed'), [...outcomes].join(', '));
    await waitFor(() => link.accepted > accepted, 15_000, 'another connection, while the link is silent');
    await link.mend();
    await waitFor(
      async () => (await outcomeOf(() => sink.send(frameForTest('tracks.a', 'last')))) === 'confirmed',
      15_000,
      'a confirmation',
    );
    await sink.close();
    assert.equal((await admin.stored('TRACKS'))[0], 'first');
  },
);
