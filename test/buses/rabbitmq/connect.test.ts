import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after } from 'node:test';
import { serverTest } from '../../harness/server-test.ts';
import { complaint } from './ends.ts';

serverTest('a port that speaks something else is said to', { needs: [] }, async () => {
  const web = createServer().listen(0, '127.0.0.1');
  after(() => web.close());
  await new Promise((resolve) => web.once('listening', resolve));
  const address = web.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  assert.match(await complaint(`amqp://127.0.0.1:${port}`, 'BUS_PROTOCOL'), /does not speak AMQP/);
});
