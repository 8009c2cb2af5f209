import assert from 'node:assert/strict';
import { ACCEPT } from '#contract/delivery.ts';
import { FLAWLESS, OrderJudge } from '../../conformance/order.ts';
import type { Kafka } from '../../harness/kafka.ts';
import type { KafkaLink } from '../../harness/kafka-link.ts';
import { patient } from '../../harness/patience.ts';
import { ownName } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { type Bridge, startBridge } from '../../kill/bridge.ts';
import { newProject } from '../../kill/project.ts';
import { bodyOf, frameOf, openSink, openSource, type TestSink } from './ends.ts';

const KEYS = Array.from({ length: 8 }, (_, at) => `k${at}`);
const STOP_MS = 20_000;

/** A bridge from one topic of a node to another, each end over a link of its own, and traffic that is judged. */
export interface AnswerRoute extends AsyncDisposable {
  readonly bridge: Bridge;
  readonly group: string;
  readonly input: string;
  readonly output: string;
  readonly sourceLink: KafkaLink;
  readonly sinkLink: KafkaLink;
  /** Writes the next message of each key. Resolves when the node has them. */
  write(): Promise<void>;
  /** Writes all the time until the returned function is called, a round each `everyMs`. */
  keepWriting(everyMs: number): () => Promise<void>;
  /** Waits until all that was written so far has arrived; answers how long that took. */
  arrived(deadlineMs: number, what: string): Promise<number>;
  /** Everything arrived, in order of each key; the bridge ends in order. */
  judge(): Promise<void>;
  /** Different messages that arrived. */
  readonly distinct: number;
}

export interface AnswerRouteOptions {
  readonly from?: object;
  readonly to?: object;
  readonly words?: object;
  readonly connection?: object;
}

/** `links`: of the source and of the sink. */
export async function answerRoute(
  kafka: Kafka,
  links: readonly KafkaLink[],
  options: AnswerRouteOptions = {},
): Promise<AnswerRoute> {
  const [sourceLink, sinkLink] = links;
  assert.ok(sourceLink !== undefined && sinkLink !== undefined);
  const [broker = ''] = kafka.brokers;
  const [input, output] = [ownName('in'), ownName('out')];
  await kafka.createTopics([input, output], { partitions: 2 });
  const group = `${input}-group`;
  const project = newProject();
  const over = (link: KafkaLink): object => ({
    bus: 'kafka',
    brokers: [`127.0.0.1:${link.port}`],
    ...options.connection,
  });
  const file = project.pipeline('answers', {
    buses: { near: over(sourceLink), far: over(sinkLink) },
    routes: [
      {
        name: 'r',
        from: { bus: 'near', topics: [input], group, sessionTimeout: '6s', ...options.from },
        to: { bus: 'far', topic: output, ...options.to },
        ...options.words,
      },
    ],
  });
  const bridge = startBridge(project.folder, file);
  await bridge.ready();
  const sink: TestSink = await openSink(broker, { topic: input });
  const source = await openSource(broker, { topics: [output], group: `${output}-judge` });
  const judge = { rounds: 0, seen: new OrderJudge(KEYS, Number.MAX_SAFE_INTEGER) };
  const over_ = new AbortController();
  const reading = (async () => {
    while (!over_.signal.aborted) {
      for (const delivery of await source.source.read({ messages: 500, bytes: 1e7 }, over_.signal)) {
        judge.seen.see(delivery.frame.key ?? '', Number(bodyOf(delivery)));
        delivery.settle(ACCEPT);
      }
    }
  })();
  const write = async (): Promise<void> => {
    judge.rounds += 1;
    const round = String(judge.rounds);
    await sink.deliver(KEYS.map((key) => frameOf(input, round, { key })));
  };
  const arrived = async (deadlineMs: number, what: string): Promise<number> => {
    const wanted = judge.rounds * KEYS.length;
    const beganMs = performance.now();
    await waitFor(() => judge.seen.distinct >= wanted, deadlineMs, what).catch((cause: unknown) => {
      throw new Error(`${judge.seen.distinct} of ${wanted} arrived: ${what}\n${bridge.tail()}`, { cause });
    });
    return performance.now() - beganMs;
  };
  return {
    bridge,
    group,
    input,
    output,
    sourceLink,
    sinkLink,
    write,
    arrived,
    get distinct() {
      return judge.seen.distinct;
    },
    keepWriting(everyMs) {
      const enough = new AbortController();
      const writing = (async () => {
        while (!enough.signal.aborted) {
          await write();
          await new Promise((resolve) => setTimeout(resolve, everyMs));
        }
      })();
      return async () => {
        enough.abort();
        await writing;
      };
    },
    async judge() {
      await arrived(patient(20_000), 'everything');
      const { inversions, unknown } = judge.seen.verdict();
      assert.deepEqual({ missing: 0, inversions, unknown }, FLAWLESS);
      assert.equal(await bridge.terminate(STOP_MS), 'exit code 0', bridge.tail());
    },
    async [Symbol.asyncDispose]() {
      over_.abort();
      await reading;
      await source.source.close();
      await sink.sink.close();
      await bridge.kill();
      for (const link of [sourceLink, sinkLink]) link.pass();
      project[Symbol.dispose]();
    },
  };
}
