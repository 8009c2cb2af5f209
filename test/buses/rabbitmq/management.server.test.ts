import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type QueueSettings, warnings } from '../../../runtime/buses/rabbitmq/queue-settings.ts';
import { serverTest } from '../../harness/server-test.ts';
import { channelTo, NEEDS, oneHome, sink, source } from './ends.ts';

const home = oneHome();

const codesOf = (settings: Partial<QueueSettings>): string[] =>
  warnings({ type: 'quorum', durable: true, autoDelete: false, ownArguments: {}, policy: {}, ...settings }).map(
    ([code]) => code,
  );

test('each setting that drops messages has its warning, whoever set it, and none has none', () => {
  assert.deepEqual(codesOf({}), []);
  assert.deepEqual(codesOf({ ownArguments: { 'x-message-ttl': 5 } }), ['QUEUE_TTL']);
  assert.deepEqual(codesOf({ policy: { 'max-length': 5 } }), ['QUEUE_DROPS_HEAD']);
  assert.deepEqual(codesOf({ policy: { 'max-length': 5, overflow: 'reject-publish' } }), []);
  assert.deepEqual(codesOf({ policy: { 'delivery-limit': 5 } }), ['QUEUE_DELIVERY_LIMIT']);
  assert.deepEqual(codesOf({ policy: { 'delivery-limit': 5, 'dead-letter-exchange': 'x' } }), []);
  assert.deepEqual(codesOf({ ownArguments: { 'x-expires': 5 } }), ['QUEUE_EXPIRES']);
  assert.deepEqual(codesOf({ durable: false, autoDelete: true }), ['QUEUE_AUTO_DELETE', 'QUEUE_TRANSIENT']);
  assert.deepEqual(codesOf({ type: 'stream', policy: { 'max-age': '1h' } }), ['STREAM_RETENTION']);
  assert.deepEqual(codesOf({ type: 'stream' }), []);
});

serverTest("what in a queue's settings drops messages is said when the route starts", { needs: NEEDS }, async () => {
  const { url, vhost, managementUrl: management = '', ctl } = await home();
  const channel = await channelTo(url);
  await channel.assertQueue('limited/queue', {
    durable: true,
    arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 3 },
  });
  await ctl('set_policy', '-p', vhost, 'short', '^limited', '{"max-length": 10}', '--apply-to', 'queues');
  const reader = await source(url, { queue: 'limited/queue' }, { connection: { management } });
  assert.match(await reader.reported('QUEUE_DROPS_HEAD'), /queue limited\/queue drops the oldest .*max-length 10/);
  assert.match(await reader.reported('QUEUE_DELIVERY_LIMIT'), /after 3 deliveries/);
  const writer = await sink(url, { queue: 'limited/queue' }, { connection: { management } });
  assert.match(await writer.reported('QUEUE_DROPS_HEAD'), /max-length 10/);
  const blind = await sink(url, { queue: 'limited/queue' }, { connection: { management: 'http://127.0.0.1:1' } });
  assert.match(await blind.reported('MANAGEMENT_UNUSABLE'), /ECONNREFUSED.*check management/);
  const refused = await sink(
    url,
    { queue: 'limited/queue' },
    { connection: { management: `${management}/elsewhere` } },
  );
  assert.match(await refused.reported('MANAGEMENT_UNUSABLE'), /HTTP status 4/);
});
