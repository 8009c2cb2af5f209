import assert from 'node:assert/strict';
import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import { pause } from '#kit/deadline.ts';
import { FLAWLESS, OrderJudge } from '../../conformance/order.ts';
import { serverTest } from '../../harness/server-test.ts';
import { ownName, sharedKafka } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { bodyOf, DEADLINE_MS, frameForTest, openSink, openSource, type TestSource } from './ends.ts';

const NEEDS = ['kafka'] as const;
const KEYS = Array.from({ length: 64 }, (_, at) => `k${at}`);
const ROUNDS = 60;

/** Reads as the engine does: settles each delivery a little later, those of one partition in order. */
class Member {
  readonly #over = new AbortController();
  readonly #reading: Promise<void>;
  readonly #source: TestSource;
  settled = 0;

  constructor(source: TestSource, see: (delivery: Delivery) => void, settleMs: () => number) {
    this.#source = source;
    const settling = new Set<Promise<void>>();
    this.#reading = (async () => {
      while (!this.#over.signal.aborted) {
        const batch = await source.source.read({ messages: 40, bytes: 1_000_000 }, this.#over.signal);
        for (const delivery of batch) see(delivery);
        const settle = pause(settleMs()).then(() => {
          for (const delivery of batch) delivery.settle(ACCEPT);
          this.settled += batch.length;
        });
        settling.add(settle);
        void settle.finally(() => settling.delete(settle));
      }
      await Promise.all(settling);
    })();
  }

  async leave(): Promise<void> {
    this.#over.abort();
    await this.#reading;
    await this.#source.source.close();
  }
}

serverTest(
  'members that join and leave under load lose nothing, keep each key in order, and repeat nothing',
  { needs: NEEDS, timeoutMs: 180_000 },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    const topic = ownName('storm');
    await kafka.createTopic(topic, { partitions: 9 });
    const judge = new OrderJudge(KEYS, ROUNDS);
    const ids = new Map<string, number>();
    const see = (delivery: Delivery): void => {
      ids.set(delivery.id, (ids.get(delivery.id) ?? 0) + 1);
      judge.see(delivery.frame.key ?? '', Number(bodyOf(delivery)));
    };
    const join = async (): Promise<Member> => {
      const source = await openSource(broker, { topics: [topic], group: topic, rebalanceTimeout: '20s' });
      return new Member(source, see, () => Math.random() * 30);
    };
    await using sink = await openSink(broker, { topic });
    const writing = (async () => {
      for (let round = 1; round <= ROUNDS; round += 1) {
        await sink.deliver(KEYS.map((key) => frameForTest(topic, String(round), { key })));
        await pause(100);
      }
    })();
    const members = [await join()];
    for (let visit = 0; visit < 8; visit += 1) {
      await pause(200);
      if (visit % 3 === 2) await members.shift()?.leave();
      else members.push(await join());
    }
    await writing;
    await waitFor(() => judge.distinct === KEYS.length * ROUNDS, DEADLINE_MS, 'everything to be read');
    await Promise.all(members.map((member) => member.leave()));
    assert.deepEqual(judge.verdict(), FLAWLESS);
    const repeated = [...ids.values()].filter((count) => count > 1).length;
    assert.equal(repeated, 0, 'what was in flight ended before its partition was given up');
    const [found] = await kafka.admin((admin) => admin.fetchOffsets({ groupId: topic, topics: [topic] }));
    const committed = found?.partitions.reduce((sum, { offset }) => sum + Number(offset), 0);
    assert.equal(committed, KEYS.length * ROUNDS, 'all of it is committed');
  },
);

serverTest('what is settled after its partition was given up is not committed', { needs: NEEDS }, async () => {
  const kafka = await sharedKafka();
  const [broker = ''] = kafka.brokers;
  const topic = ownName('given-up');
  await kafka.createTopic(topic, { partitions: 2 });
  for (const partition of [0, 1]) {
    await using sink = await openSink(broker, { topic, partition });
    for (let at = 0; at < 3; at += 1) await sink.deliver([frameForTest(topic, String(at))]);
  }
  const options = { topics: [topic], group: topic, sessionTimeout: '6s', rebalanceTimeout: '6s' };
  await using one = await openSource(broker, options);
  const held = await one.take(6);
  // Nothing is settled, so a partition is given up when half of the rebalance timeout has passed.
  await using other = await openSource(broker, options);
  await one.reported('REBALANCE_IN_FLIGHT');
  const again = await other.take(3);
  assert.deepEqual(again.map(bodyOf), ['0', '1', '2'], 'nothing was committed');
  for (const delivery of held) delivery.settle(ACCEPT);
  const places = async (): Promise<string> => {
    const [found] = await kafka.admin((admin) => admin.fetchOffsets({ groupId: topic, topics: [topic] }));
    const byPartition = found?.partitions.toSorted((a, b) => a.partition - b.partition);
    return byPartition?.map(({ offset }) => offset).join() ?? '';
  };
  const wanted = again[0]?.id.startsWith(`${topic}/0/`) === true ? '0,3' : '3,0';
  await waitFor(async () => (await places()) === wanted, DEADLINE_MS, 'the partition that stayed to be committed');
  // Once more, for a commit that must not come.
  await pause(1000);
  assert.equal(await places(), wanted, 'the old owner commits nothing');
});

serverTest(
  'a partition that stays goes on where it was, though what was in flight had not ended',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    const topic = ownName('stays');
    await kafka.createTopic(topic);
    await using sink = await openSink(broker, { topic });
    for (let at = 0; at < 10; at += 1) await sink.deliver([frameForTest(topic, String(at))]);
    const options = { topics: [topic], group: topic, sessionTimeout: '6s', rebalanceTimeout: '6s' };
    await using one = await openSource(broker, options);
    const held = await one.take(4);
    // One comes and goes, so that in the end the first has it again.
    const other = await openSource(broker, options);
    await other.source.close();
    await one.reported('REBALANCE_IN_FLIGHT');
    for (const delivery of held) delivery.settle(ACCEPT);
    const rest = await one.settleUntil((read) => read.some((delivery) => bodyOf(delivery) === '9'));
    const texts = rest.map(bodyOf);
    assert.equal(new Set(texts).size, texts.length, 'nothing twice');
    await waitFor(
      async () => {
        const [found] = await kafka.admin((admin) => admin.fetchOffsets({ groupId: topic, topics: [topic] }));
        return found?.partitions[0]?.offset === '10';
      },
      DEADLINE_MS,
      'all to be committed',
    );
  },
);

serverTest(
  'an instance that comes back with other topics reads those, and not what it was given before',
  { needs: NEEDS },
  async () => {
    const kafka = await sharedKafka();
    const [broker = ''] = kafka.brokers;
    const [before, after, beside] = [ownName('before'), ownName('after'), ownName('beside')];
    await kafka.createTopics([before, after, beside], { partitions: 2 });
    await using sink = await openSink(broker, { topic: after });
    await sink.sink.send(frameForTest(after, 'new'));
    const own = { group: ownName('comes-back'), instance: 'one' };
    // Within its session, as a bridge that is started again with a changed file.
    await (await openSource(broker, { ...own, topics: [before] })).source.close();
    await using back = await openSource(broker, { ...own, topics: [after, beside] });
    const [delivery] = await back.take(1);
    assert.equal(delivery === undefined ? '' : bodyOf(delivery), 'new');
    assert.ok(back.events.some((event) => event.kind === 'connected' && /reading 4 of 4/.test(event.detail)));
  },
);
