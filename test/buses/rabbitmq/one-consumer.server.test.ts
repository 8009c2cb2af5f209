import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ACCEPT } from '#contract/delivery.ts';
import { law } from '../../harness/law.ts';
import { startLink } from '../../harness/link.ts';
import { bodies, NEEDS, oneHome, openingSource, queuesAt, source, take, textOf, texts } from './ends.ts';

// A queue gives its order to one consumer: who may read it, and when.

const home = oneHome();
const needs = NEEDS;
const queueWith = queuesAt(home);
/** The server waits 250 ms for a leader before it says that a queue has neither messages nor consumers. */
const SILENT_MS = 1000;

law(
  'a source waits while another consumer has the queue, and takes over in order when it goes',
  { needs },
  async () => {
    for (const type of ['classic', 'quorum'] as const) {
      const name = `alone-${type}`;
      const { url } = await queueWith(name, bodies(6), { durable: true, arguments: { 'x-queue-type': type } });
      const first = await source(url, { queue: name, type });
      const read = await take(first.end, 6);
      for (const delivery of read.slice(0, 2)) delivery.settle(ACCEPT);
      const second = openingSource(url, { queue: name, type });
      assert.match(await second.reported('BUS_SETTING'), /another consumer/);
      await first.end.close();
      const heir = await second.opened;
      assert.deepEqual(texts(await take(heir, 4)), bodies(4, 2));
    }
  },
);

law('a quorum queue whose leader does not answer is not taken for one that nobody reads', { needs }, async () => {
  const { url } = await queueWith('leaderless', bodies(6));
  const { ctl, vhost } = await home();
  const leader = (word: 'suspend' | 'resume'): Promise<string> => {
    const queue = `rabbit_misc:r(<<"${vhost}">>, queue, <<"leaderless">>)`;
    const act = `{Leader, _} = amqqueue:get_pid(Queue), sys:${word}(Leader)`;
    return ctl('eval', `{ok, Queue} = rabbit_amqqueue:lookup(${queue}), ${act}.`);
  };
  const first = await source(url, { queue: 'leaderless' });
  const read = await take(first.end, 6);
  await leader('suspend');
  let second: ReturnType<typeof openingSource>;
  try {
    second = openingSource(url, { queue: 'leaderless' });
    await sleep(SILENT_MS);
  } finally {
    await leader('resume');
  }
  assert.match(await second.reported('BUS_SETTING'), /another consumer/);
  assert.ok(!second.events.some(({ kind }) => kind === 'connected'), 'it reads beside the first');
  read[0]?.settle(ACCEPT);
  await first.end.close();
  assert.deepEqual(texts(await take(await second.opened, 5)), bodies(5, 1));
});

law('with shared two sources divide a queue, and one gets what the other left', { needs }, async () => {
  const { url, channel } = await queueWith('divided', []);
  const from = { queue: 'divided', shared: true };
  const wanted = { window: { messages: 5 } };
  const [one, other] = [await source(url, from, wanted), await source(url, from, wanted)];
  for (const body of bodies(10)) channel.sendToQueue('divided', Buffer.from(body));
  const [byOne, byOther] = await Promise.all([take(one.end, 5), take(other.end, 5)]);
  assert.deepEqual(texts([...byOne, ...byOther]).toSorted(), bodies(10));
  for (const delivery of byOther) delivery.settle(ACCEPT);
  const left = texts(byOne).toSorted();
  await one.end.close();
  assert.deepEqual(texts(await take(other.end, 5)).toSorted(), left);
});

law('a half-open connection costs no order: nobody reads on before the server has given it up', { needs }, async () => {
  const { channel } = await queueWith('half-open', bodies(10));
  const { port: server, vhost } = await home();
  // Two ways, so that the new connection is made while the old one hangs on the other.
  await using one = await startLink(server);
  await using other = await startLink(server);
  const url = [one, other].map(({ port }) => `amqp://127.0.0.1:${port}/${vhost}`);
  const reader = await source('', { queue: 'half-open' }, { connection: { url }, window: { messages: 10 } });
  const read = texts(await take(reader.end, 4));
  const lost = reader.hears('disconnected');
  (one.connections > 0 ? one : other).blackhole();
  await lost;
  for (const body of bodies(10, 10)) channel.sendToQueue('half-open', Buffer.from(body), { persistent: true });
  const seen = new Set(read);
  while (seen.size < 20) {
    for (const delivery of await take(reader.end, 1)) {
      seen.add(textOf(delivery));
      delivery.settle(ACCEPT);
    }
  }
  assert.deepEqual([...seen], bodies(20), 'first deliveries are in order');
});
