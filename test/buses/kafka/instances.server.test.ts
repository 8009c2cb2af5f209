import assert from 'node:assert/strict';
import { after } from 'node:test';
import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import { startKafka } from '../../harness/kafka.ts';
import { serverTest } from '../../harness/server-test.ts';
import { ownName, sharedKafka } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { commitAs, committedOf, expel } from './commits.ts';
import { bodyOf, DEADLINE_MS, frameForTest, openSink, openSource, type TestSource } from './ends.ts';

const NEEDS = ['kafka'] as const;
const ALL = Array.from({ length: 10 }, (_, at) => String(at));

const servers = new AsyncDisposableStack();
after(() => servers.disposeAsync());

/** A topic of one partition with the messages 0 to 9, each with a key of its own. */
async function filled(broker: string, topic: string): Promise<void> {
  await using sink = await openSink(broker, { topic });
  await sink.deliver(ALL.map((body) => frameForTest(topic, body, { key: `k${body}` })));
}

async function topicOfTen(name: string): Promise<{ readonly broker: string; readonly topic: string }> {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const topic = ownName(name);
  await kafka.createTopic(topic);
  await filled(broker, topic);
  return { broker, topic };
}

/** Settles all but these, and resolves once that is durable. */
async function settleAllBut(left: readonly string[], deliveries: readonly Delivery[]): Promise<void> {
  const settled = deliveries.filter((delivery) => !left.includes(bodyOf(delivery) ?? ''));
  for (const delivery of settled) delivery.settle(ACCEPT);
  assert.ok(
    settled.every(({ shared }) => shared?.isDurable === false),
    'durable before anything was committed',
  );
  for (const { shared } of settled) await shared?.whenDurable();
  assert.ok(settled.every(({ shared }) => shared?.isDurable === true));
}

async function bodiesOf(source: TestSource, count: number): Promise<(string | null)[]> {
  return (await source.take(count)).map(bodyOf);
}

const only = (topic: string) => new Map([[topic, [0]]]);

serverTest(
  'what is settled behind an unsettled message is not given to the instance that reads on, nor to the one after it',
  { needs: NEEDS },
  async () => {
    const { broker, topic } = await topicOfTen('behind');
    const options = { topics: [topic], group: topic };
    const first = await openSource(broker, options);
    await settleAllBut(['0', '4', '5', '9'], await first.take(10));
    const [{ offset, metadata } = { offset: -1, metadata: '' }] = await committedOf(broker, topic, only(topic));
    assert.equal(offset, 0);
    assert.match(metadata, /^sluice1 0 /);
    await first.source.close();
    const second = await openSource(broker, options);
    const again = await second.take(4);
    assert.deepEqual(again.map(bodyOf), ['0', '4', '5', '9']);
    assert.ok(
      again.every(({ shared }) => shared?.mayBeRepeat === true),
      'the first instance may have sent them',
    );
    // Its own commits hold what it was told, and what it has not reached.
    await settleAllBut(['0', '5', '9'], again);
    await second.source.close();
    await using third = await openSource(broker, options);
    assert.deepEqual(await bodiesOf(third, 3), ['0', '5', '9']);
  },
);

serverTest(
  'what another has settled and this instance has not reached yet is in its commits too',
  { needs: NEEDS },
  async () => {
    const { broker, topic } = await topicOfTen('ahead');
    const options = { topics: [topic], group: topic, window: { messages: 2, bytes: 1_000_000 } };
    const first = await openSource(broker, { ...options, window: { messages: 10, bytes: 1_000_000 } });
    await settleAllBut(['0', '1', '2', '3'], await first.take(10));
    await first.source.close();
    const second = await openSource(broker, options);
    await settleAllBut(['1'], await second.take(2));
    await second.source.close();
    await using third = await openSource(broker, { ...options, window: { messages: 10, bytes: 1_000_000 } });
    assert.deepEqual(await bodiesOf(third, 3), ['1', '2', '3']);
  },
);

serverTest(
  'a message that waits for a commit gets it at once, and while none waits commits are gathered',
  { needs: NEEDS },
  async () => {
    const { broker, topic } = await topicOfTen('hurry');
    await using source = await openSource(broker, { topics: [topic], group: topic });
    const [first, ...rest] = await source.take(10);
    const waits: number[] = [];
    for (const delivery of rest) {
      delivery.settle(ACCEPT);
      const sinceMs = performance.now();
      await delivery.shared?.whenDurable();
      waits.push(performance.now() - sinceMs);
    }
    const [median = Infinity] = waits.toSorted((a, b) => a - b).slice(4);
    assert.ok(median < 150, `a commit took ${median} ms, as if it had been gathered`);
    first?.settle(ACCEPT);
    await waitFor(() => first?.shared?.isDurable === true, DEADLINE_MS, 'a commit that nobody asked for');
  },
);

serverTest(
  'an offset that an operator has set is read from, with everything behind it, and metadata of others is ignored and reported',
  { needs: NEEDS },
  async () => {
    const { broker, topic } = await topicOfTen('reset');
    const options = { topics: [topic], group: topic };
    const first = await openSource(broker, options);
    await settleAllBut(['2', '5'], await first.take(10));
    await first.source.close();
    const [own] = await committedOf(broker, topic, only(topic));
    assert.ok(own !== undefined && own.offset === 2 && own.metadata !== '');
    // As kafka-consumer-groups --reset-offsets does it, as other clients do, and as a tool that copies what it does not know.
    for (const [place, isNoticed] of [
      [{ offset: 1, metadata: '' }, false],
      [{ offset: 1, metadata: 'set by hand' }, true],
      [{ offset: 1, metadata: own.metadata }, true],
    ] as const) {
      await commitAs(broker, topic, [{ topic, partition: 0, ...place }]);
      const source = await openSource(broker, options);
      assert.deepEqual(await bodiesOf(source, 9), ALL.slice(1), JSON.stringify(place));
      if (isNoticed) await source.reported('COMMIT_METADATA_IGNORED');
      const isSaid = source.events.some((event) => event.kind === 'notice' && event.code === 'COMMIT_METADATA_IGNORED');
      assert.equal(isSaid, isNoticed, JSON.stringify(place));
      await source.source.close();
    }
  },
);

serverTest(
  'of a fenced route what is in flight when its partition is given up is revoked, and no wait for its commit is left',
  { needs: NEEDS },
  async () => {
    const { broker, topic } = await topicOfTen('revoked');
    const options = { topics: [topic], group: topic, sessionTimeout: '6s', rebalanceTimeout: '6s' } as const;
    await using one = await openSource(broker, { ...options, isFenced: true });
    const held = await one.take(10);
    await settleAllBut(['0', '5'], held);
    const first = held[0]?.shared;
    assert.equal(first?.isRevoked, false);
    // It comes and goes, so that in the end the first has the partition again.
    const other = await openSource(broker, { ...options, isFenced: true });
    await one.reported('REBALANCE_IN_FLIGHT');
    assert.ok(
      held.every(({ shared }) => shared?.isRevoked === true),
      'another instance may have it by now',
    );
    held[0]?.settle(ACCEPT);
    await first?.whenDurable();
    await other.source.close();
    assert.deepEqual(await bodiesOf(one, 2), ['0', '5'], 'what was revoked is given again, and nothing else');
  },
);

serverTest(
  'of a fenced route what is in flight is revoked as soon as the group is known to have gone on without it',
  { needs: NEEDS },
  async () => {
    const { broker, topic } = await topicOfTen('expelled');
    const options = { topics: [topic], group: topic, isFenced: true } as const;
    await using source = await openSource(broker, { ...options, instance: 'one' });
    const [first, second, ...held] = await source.take(10);
    await expel(await sharedKafka(), topic, 'one');
    first?.settle(ACCEPT);
    // No commit is taken of it any more: the wait ends because nothing is to be waited for.
    await first?.shared?.whenDurable();
    const all = [first, second, ...held];
    await waitFor(() => all.every((delivery) => delivery?.shared?.isRevoked === true), DEADLINE_MS, 'a revocation');
    assert.deepEqual(await bodiesOf(source, 10), ALL, 'all of it is given again');
  },
);

serverTest(
  'of a fenced route everything in flight is revoked once the process goes on after a pause that was longer than its session',
  { needs: NEEDS },
  async () => {
    const { broker, topic } = await topicOfTen('paused');
    const sessionMs = 6000;
    const options = { topics: [topic], group: topic, sessionTimeout: `${sessionMs}ms`, isFenced: true } as const;
    await using source = await openSource(broker, options);
    const held = await source.take(10);
    assert.ok(held.every(({ shared }) => shared?.isRevoked === false));
    // As SIGSTOP and SIGCONT do; the server is another process.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, sessionMs + 100);
    assert.ok(
      held.every(({ shared }) => shared?.isRevoked === true),
      'another instance may have it by now',
    );
    for (const delivery of held) delivery.settle(ACCEPT);
    assert.deepEqual(await bodiesOf(source, 10), ALL, 'all of it is given again');
  },
);

serverTest(
  'a server that takes less metadata is given less: what has no room is counted, and given to the next instance',
  { needs: ['kafka-process'] },
  async () => {
    const kafka = servers.use(await startKafka({ config: { 'offset.metadata.max.bytes': '20' } }));
    const [broker = ''] = kafka.brokers;
    await kafka.createTopic('small');
    await filled(broker, 'small');
    const options = { topics: ['small'], group: 'small' };
    const first = await openSource(broker, options);
    await settleAllBut(['1', '5'], await first.take(10));
    assert.match(await first.reported('COMMIT_OVERFLOW'), /7 settled messages/);
    await first.source.close();
    await using second = await openSource(broker, options);
    assert.deepEqual(await bodiesOf(second, 9), ALL.slice(1));
  },
);

serverTest(
  'what is settled of one topic is durable while another topic of the route is deleted',
  { needs: NEEDS },
  async () => {
    const { broker, topic } = await topicOfTen('stays');
    const { topic: gone } = await topicOfTen('gone');
    await using source = await openSource(broker, { topics: [topic, gone], group: topic, isFenced: true });
    const deliveries = await source.take(20);
    const kafka = await sharedKafka();
    await kafka.admin((admin) => admin.deleteTopics({ topics: [gone] }));
    await source.reported('BUS_MISSING');
    for (const delivery of deliveries) delivery.settle(ACCEPT);
    const staying = deliveries.filter(({ id }) => id.startsWith(`${topic}/`));
    for (const { shared } of staying) void shared?.whenDurable();
    await waitFor(() => staying.every(({ shared }) => shared?.isDurable === true), DEADLINE_MS, 'the commit');
    const [{ offset } = { offset: -1 }] = await committedOf(broker, topic, only(topic));
    assert.equal(offset, 10);
  },
);
