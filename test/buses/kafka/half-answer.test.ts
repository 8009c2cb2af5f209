import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { makeCluster } from '../../../runtime/buses/kafka/client/cluster.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { connectionTo } from './ends.ts';

/** Says that 32 bytes come, and of them two. */
const HALF = Buffer.from([0, 0, 0, 32, 0, 0]);

test('a connection begins empty, whatever half of an answer the one before it has left', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const cluster = makeCluster(() => connectionTo(`127.0.0.1:${port}`));
  try {
    const { pool } = await cluster.client.connectionPoolBuilder.build({ host: '127.0.0.1', port });
    const connection = pool[0];
    assert.ok(connection !== undefined);
    await connection.connect();
    const [first] = await waitFor(() => sockets.length === 1 && sockets, 5000, 'the connection');
    first?.write(HALF);
    await waitFor(() => connection.bytesBuffered === HALF.length, 5000, 'the half of an answer');
    first?.destroy();
    await waitFor(() => !connection.isConnected(), 5000, 'the end of the connection');
    await connection.connect();
    assert.deepEqual([connection.chunks, connection.bytesBuffered, connection.bytesNeeded], [[], 0, 4]);
  } finally {
    cluster.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});
