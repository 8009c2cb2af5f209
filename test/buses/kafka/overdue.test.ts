import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import type { Connection, ProtocolRequest } from 'kafkajs/src/cluster/index.js';
import { makeCluster } from '../../../runtime/buses/kafka/client/cluster.ts';
import { protocolRequest } from '../../../runtime/buses/kafka/client/protocol-request.ts';
import { BrokerHealth } from '../../../runtime/buses/kafka/client/broker-health.ts';
import { patient } from '../../harness/patience.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { connectionTo } from './ends.ts';

const LIMIT_MS = 200;
const WAIT_MS = 5000;

const ask = (apiName: string): ProtocolRequest<unknown> =>
  protocolRequest(
    { apiKey: 3, apiVersion: 0, apiName },
    Buffer.alloc(0),
    () => ({ clientSideThrottleTime: 0 }),
    LIMIT_MS,
  );

/** A connection to a server that reads and answers what the test says. */
async function connected(
  work: (connection: Connection, server: () => Socket, renewals: readonly string[]) => Promise<void>,
): Promise<void> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on('error', () => {}))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const cluster = makeCluster(() => connectionTo(`127.0.0.1:${port}`));
  const renewals: string[] = [];
  cluster.onRenewed((reason) => renewals.push(reason));
  try {
    const { pool } = await cluster.client.connectionPoolBuilder.build({ host: '127.0.0.1', port });
    const connection = pool[0];
    assert.ok(connection !== undefined);
    await connection.connect();
    await waitFor(() => sockets.length === 1, WAIT_MS, 'the connection');
    await work(
      connection,
      () => {
        const last = sockets.at(-1);
        assert.ok(last !== undefined);
        return last;
      },
      renewals,
    );
  } finally {
    cluster.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

test('a connection on which an answer is overdue ends, and so does everything else that waits on it', () =>
  connected(async (connection, _server, renewals) => {
    const other = connection.send({ ...ask('Heartbeat'), requestTimeout: 100 * LIMIT_MS });
    const results = await Promise.allSettled([connection.send(ask('Metadata')), other]);
    assert.match(
      String(results.map((result) => result.status === 'rejected' && result.reason)),
      /not answered Metadata within 200 ms/,
    );
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    assert.equal(renewals.length, 1);
    await waitFor(() => !connection.isConnected(), WAIT_MS, 'the end of the connection');
  }));

test('what is asked over a connection that has just ended fails at once and is not forgotten', () =>
  connected(async (connection) => {
    connection.socket?.destroy(new Error('gone'));
    await assert.rejects(
      connection.send({ ...ask('Metadata'), requestTimeout: 100 * patient(WAIT_MS) }),
      /closed|Not connected/,
    );
  }));

test('a fetch is overdue when no byte comes, not when its answer takes long', () =>
  connected(async (connection, server, renewals) => {
    let isOver = false;
    const asking = connection.send(ask('Fetch')).finally(() => (isOver = true));
    asking.catch(() => {});
    server().write(Buffer.from([0, 0, 1, 0]));
    for (let bytes = 0; bytes < 20; bytes += 1) {
      await new Promise((resolve) => setTimeout(resolve, LIMIT_MS / 4));
      assert.equal(isOver, false, 'it is given up while bytes come');
      server().write(Buffer.alloc(1));
    }
    await assert.rejects(asking, /not answered Fetch/);
    assert.equal(renewals.length, 1);
  }));

test('a server that did not answer is suspect until it answers', () => {
  const health = new BrokerHealth();
  health.timedOut('a:1');
  assert.deepEqual([health.isSuspect('a:1'), health.isSuspect('b:1')], [true, false]);
  health.answered('a:1');
  assert.equal(health.isSuspect('a:1'), false);
  const ended = health.sent('b:1');
  assert.equal(health.isSuspect('b:1'), false, 'it has had no time to answer');
  ended();
});
