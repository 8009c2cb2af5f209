import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { type Link, startLink } from './link.ts';
import { portOpen } from '../../runtime/infra/probe.ts';
import { waitFor } from './wait-for.ts';

/** An echo behind a link, and a client before it that keeps what comes back. */
async function echo(): Promise<AsyncDisposable & { link: Link; client: Socket; back: () => string }> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const link = await startLink((server.address() as AddressInfo).port);
  const client = connect(link.port, link.host);
  let text = '';
  client.on('data', (chunk) => (text += chunk.toString()));
  client.on('error', () => client.destroy());
  await once(client, 'connect');
  return {
    link,
    client,
    back: () => text,
    async [Symbol.asyncDispose]() {
      client.destroy();
      await link[Symbol.asyncDispose]();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('a link passes bytes both ways, in order, also late ones', async () => {
  await using end = await echo();
  end.client.write('a');
  await waitFor(() => end.back() === 'a', 5000, 'the echo');
  end.link.delayMs(50);
  const sentMs = performance.now();
  end.client.write('b');
  await waitFor(() => end.back() === 'ab', 5000, 'the late echo');
  assert.ok(performance.now() - sentMs >= 95, 'late on both ways');
});

test('a cut link resets its connections and refuses new ones until it is mended', async () => {
  await using end = await echo();
  await end.link.cut();
  await waitFor(() => end.client.closed, 5000, 'the reset');
  assert.equal(await portOpen(end.link.port), false);
  await end.link.mend();
  assert.equal(await portOpen(end.link.port), true);
});

test('a blackhole holds bytes and connections, and gives the bytes back when mended', async () => {
  await using end = await echo();
  await waitFor(() => end.link.connections === 1, 5000, 'the connection');
  end.link.blackhole('down');
  end.client.write('a');
  // Longer than the echo takes: what must not happen has no event to wait for.
  await assert.rejects(waitFor(() => end.back() !== '', 100, 'an echo'));
  await end.link.mend();
  await waitFor(() => end.back() === 'a', 5000, 'the echo');
});
