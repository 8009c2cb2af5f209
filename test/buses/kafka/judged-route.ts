import assert from 'node:assert/strict';
import { ACCEPT } from '#contract/delivery.ts';
import { FLAWLESS, OrderJudge } from '../../conformance/order.ts';
import type { KafkaDoor } from '../../harness/kafka-door.ts';
import { patient } from '../../harness/patience.ts';
import { ownName } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { type Bridge, startBridge } from '../../harness/bridge.ts';
import { trackProject } from '../../kill/track-project.ts';
import { bodyOf, frameForTest, openSink, openSource, type TestSink } from './ends.ts';

const KEYS = Array.from({ length: 8 }, (_, at) => `k${at}`);
const STOP_MS = 20_000;
const PARTITIONS = 2;

/** A bridge from one topic to another, and traffic over it that is judged. */
export interface JudgedRoute extends AsyncDisposable {
  readonly bridge: Bridge;
  readonly group: string;
  readonly input: string;
  readonly output: string;
  /** Writes the next message of each key. Resolves when the node has them. */
  write(): Promise<void>;
  /** Writes all the time until the returned function is called, a round each `everyMs`. */
  keepWriting(everyMs: number): () => Promise<void>;
  /** Waits until all that was written so far has arrived; answers how long that took. */
  arrived(deadlineMs: number, what: string): Promise<number>;
  /** Waits until something has arrived that was written from now on; answers how long that took. With `keepWriting`. */
  flowsAgain(deadlineMs: number, what: string): Promise<number>;
  /** Everything arrived, in order of each key; the bridge ends in order. */
  judge(): Promise<void>;
  /** Different messages that arrived. */
  readonly distinct: number;
}

export interface JudgedRouteOptions {
  /** Where each end of the bridge finds the cluster. Default: where the door is. */
  readonly near?: readonly string[];
  readonly far?: readonly string[];
  /** Default 2. */
  readonly partitions?: number;
  readonly from?: object;
  readonly to?: object;
  /** Of the route itself. */
  readonly words?: object;
}

export async function judgedRoute(kafka: KafkaDoor, options: JudgedRouteOptions = {}): Promise<JudgedRoute> {
  const [input, output] = [ownName('in'), ownName('out')];
  await kafka.createTopics([input, output], { partitions: options.partitions ?? PARTITIONS });
  const group = `${input}-group`;
  const project = trackProject();
  const bus = (brokers: readonly string[]): object => ({ bus: 'kafka', brokers });
  const file = project.pipeline('judged', {
    buses: { near: bus(options.near ?? kafka.brokers), far: bus(options.far ?? kafka.brokers) },
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
  const sink: TestSink = await openSink(kafka.brokers, { topic: input });
  const source = await openSource(kafka.brokers, { topics: [output], group: `${output}-judge` });
  const judge = { rounds: 0, seen: new OrderJudge(KEYS, Number.MAX_SAFE_INTEGER) };
  const ended = new AbortController();
  const reading = (async () => {
    while (!ended.signal.aborted) {
      for (const delivery of await source.source.read({ messages: 500, bytes: 1e7 }, ended.signal)) {
        judge.seen.see(delivery.frame.key ?? '', Number(bodyOf(delivery)));
        delivery.settle(ACCEPT);
      }
    }
  })();
  const write = async (): Promise<void> => {
    judge.rounds += 1;
    const round = String(judge.rounds);
    await sink.deliver(KEYS.map((key) => frameForTest(input, round, { key })));
  };
  const until = async (rounds: number, deadlineMs: number, what: string): Promise<number> => {
    const wanted = rounds * KEYS.length;
    const beganMs = performance.now();
    await waitFor(() => judge.seen.distinct >= wanted, deadlineMs, what).catch((cause: unknown) => {
      throw new Error(`${judge.seen.distinct} of ${wanted} arrived: ${what}\n${bridge.tail()}`, { cause });
    });
    return performance.now() - beganMs;
  };
  const arrived = (deadlineMs: number, what: string): Promise<number> => until(judge.rounds, deadlineMs, what);
  return {
    bridge,
    group,
    input,
    output,
    write,
    arrived,
    // The round after the one that is being written.
    flowsAgain: (deadlineMs, what) => until(judge.rounds + 2, deadlineMs, what),
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
      // Of a test that has failed already nobody asks.
      writing.catch(() => {});
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
      ended.abort();
      await reading;
      await source.source.close();
      await sink.sink.close();
      await bridge.kill();
      project[Symbol.dispose]();
    },
  };
}
