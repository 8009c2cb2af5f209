import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '#contract/errors.ts';
import type { Sink } from '#contract/sink.ts';
import { serverTest } from '../../harness/server-test.ts';
import { waitFor } from '../../harness/wait-for.ts';
import {
  channelTo,
  DEADLINE_MS,
  fetched,
  frameForTest,
  holds,
  NEEDS,
  oneHome,
  openingSink,
  outcomeOf,
  queueAt,
  QUORUM,
  sendThrough,
  sink,
} from './ends.ts';

const home = oneHome();
const queue = queueAt(home);
const needs = NEEDS;

/** Past the time that a server which may have just started is given: the refusal for good. */
async function refusal(end: Sink, address: string): Promise<SluiceError> {
  return waitFor(
    async () => {
      const outcome = await outcomeOf(() => end.send(frameForTest(address, 'x')));
      return outcome instanceof SluiceError && outcome.scope === 'message' && outcome;
    },
    DEADLINE_MS,
    'a refusal for good',
  );
}

serverTest('headers that would route copies elsewhere route none', { needs }, async () => {
  const { url, channel } = await queue('to-one');
  await channel.assertQueue('to-another', QUORUM);
  const writer = await sink(url, { queue: 'to-one' });
  const headers = new Map([
    ['CC', ['to-another']],
    ['BCC', ['to-another']],
    ['amqp-reply-to', ['amq.rabbitmq.reply-to']],
    ['amqp-user-id', ['somebody']],
  ]);
  assert.equal(await writer.end.send(frameForTest('to-one', 'x', { headers })), 'confirmed');
  const { properties } = await fetched(channel, 'to-one');
  assert.match(String(properties.headers?.['carried-headers']), /"CC",\["to-another"\]/);
  assert.equal(properties.replyTo, undefined);
  assert.equal((await channel.checkQueue('to-another')).messageCount, 0);
});

serverTest(
  'a fixed address that no queue takes is the fault of the bus: named, and waited for',
  { needs },
  async () => {
    const { url, channel } = await queue('bound-later');
    await channel.assertExchange('unbound', 'topic');
    const writer = await sink(url, { exchange: 'unbound', routingKey: 'fixed.key' });
    const outcome = await outcomeOf(() => writer.end.send(frameForTest('fixed.key', 'x', { id: '1' })));
    assert.deepEqual(outcome instanceof SluiceError && [outcome.code, outcome.scope], ['BUS_MISSING', 'bus']);
    assert.match(await writer.reported('BUS_MISSING'), /no queue is bound to exchange unbound.*NO_ROUTE/);
    await channel.bindQueue('bound-later', 'unbound', 'fixed.*');
    await sendThrough(writer.end, frameForTest('fixed.key', 'x', { id: '1' }));
    const later = openingSink(url, { queue: 'not-there' });
    assert.match(await later.reported('BUS_MISSING'), /no queue 'not-there'/);
    await channel.assertQueue('not-there', QUORUM);
    await later.opened;
    await channel.deleteQueue('not-there');
    const end = await later.opened;
    const gone = await outcomeOf(() => end.send(frameForTest('not-there', 'x')));
    assert.equal(gone instanceof SluiceError && gone.code, 'BUS_MISSING');
  },
);

serverTest(
  'an address from a template that no queue takes is the fault of the message, its equal neighbours pass',
  { needs },
  async () => {
    const { url, channel } = await queue('routed');
    await channel.assertExchange('partly', 'direct');
    await channel.bindQueue('routed', 'partly', 'there');
    const writer = await sink(url, { exchange: 'partly', routingKey: '{key}' });
    // Young for as long as the other one, so that only one of them is waited for.
    const byName = await sink(url, { queue: '{key}' });
    const error = await refusal(writer.end, 'nowhere');
    assert.equal(error.code, 'SINK_REFUSED');
    assert.match(error.message, /no queue is bound to exchange partly/);
    assert.doesNotMatch(error.message, /nowhere/, 'a routing key may hold what a message held');
    const addresses = Array.from({ length: 60 }, (_, at) => (at % 3 === 0 ? 'nowhere' : 'there'));
    const outcomes = await Promise.all(
      // Two of each triple are the same message.
      addresses.map((address) => outcomeOf(() => writer.end.send(frameForTest(address, 'same', { id: 'same' })))),
    );
    assert.deepEqual(
      outcomes.map((outcome) => (outcome instanceof SluiceError ? outcome.code : outcome)),
      addresses.map((address) => (address === 'there' ? 'confirmed' : 'SINK_REFUSED')),
    );
    await holds(channel, 'routed', 40);
    assert.match((await refusal(byName.end, 'no-such-queue')).message, /no queue of that name/);
  },
);

serverTest(
  'a server that is back and routes nothing yet is waited for: no message is to blame',
  { needs },
  async () => {
    const { url, channel } = await queue('returned');
    const { closeConnections } = await home();
    await channel.assertExchange('returning', 'direct');
    await channel.bindQueue('returned', 'returning', 'k');
    const writer = await sink(url, { exchange: 'returning', routingKey: '{key}' });
    await sendThrough(writer.end, frameForTest('k', 'before'));
    await channel.unbindQueue('returned', 'returning', 'k');
    const back = writer.nextReport('connected');
    await closeConnections('the test restarts it', url);
    await back;
    // Longer than a server that was found young is given.
    const sinceMs = performance.now();
    let text = '';
    while (performance.now() - sinceMs < 6000) {
      const outcome = await outcomeOf(() => writer.end.send(frameForTest('k', 'again')));
      assert.ok(outcome instanceof SluiceError && outcome.scope === 'bus', String(outcome));
      text = outcome.message;
      await sleep(50);
    }
    assert.match(text, /or not yet \(NO_ROUTE\)/);
    const other = await channelTo(url);
    await other.bindQueue('returned', 'returning', 'k');
    await sendThrough(writer.end, frameForTest('k', 'again'));
    await other.unbindQueue('returned', 'returning', 'k');
    const outcome = await outcomeOf(() => writer.end.send(frameForTest('k', 'late')));
    assert.ok(
      outcome instanceof SluiceError && outcome.code === 'SINK_REFUSED',
      'it routes again: now it is the message',
    );
  },
);
