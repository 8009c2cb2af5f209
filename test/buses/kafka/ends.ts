import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import { asSluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Checkpoint } from '#contract/checkpoint.ts';
import type { Sink } from '#contract/sink.ts';
import type { Demand, Source } from '#contract/source.ts';
import { pause } from '#kit/deadline.ts';
import { kafka } from '../../../runtime/buses/kafka/index.ts';
import type { KafkaConnection, KafkaFrom, KafkaTo } from '../../../runtime/buses/kafka/options.ts';
import { withDefaults } from '../../conformance/fixture.ts';
import { newCheckpoint } from '../../harness/checkpoint.ts';
import { patient } from '../../harness/patience.ts';
import { type Recorded, recordedContext } from '../../harness/recorded-context.ts';
import { ownName } from '../../harness/shared.ts';

export const DEADLINE_MS = 30_000;
/** Of this process: the run's node serves others too. */
const PIPELINE = ownName('fleet');
/** The group of a source that names none. */
export const GROUP = `${PIPELINE}-tracks`;
const WINDOW: Demand = { messages: 2000, bytes: 16 * 1024 ** 2 };

/** One server of the cluster, or several. */
type Brokers = string | readonly string[];

export function connectionTo(brokers: Brokers, more: Partial<KafkaConnection> = {}): KafkaConnection {
  return withDefaults<Partial<KafkaConnection>>(kafka.connectionSchema, {
    brokers: typeof brokers === 'string' ? [brokers] : brokers,
    ...more,
  }) as KafkaConnection;
}

export { frameForTest } from '../../harness/test-frame.ts';

export function recorded(
  direction: 'source' | 'sink',
  window: Demand = WINDOW,
  checkpoint: Checkpoint = newCheckpoint(),
  isFenced = false,
): Recorded {
  const given = { pipeline: PIPELINE, route: 'tracks', connection: 'log', window, checkpoint, isFenced };
  return recordedContext(direction, given, DEADLINE_MS);
}

export interface TestSource extends AsyncDisposable, Recorded {
  readonly source: Source;
  /** Reads exactly so many. */
  take(count: number): Promise<Delivery[]>;
  /** Reads and settles until what was read in all is enough. */
  settleUntil(enough: (read: readonly Delivery[]) => boolean): Promise<Delivery[]>;
}

type Given<Options> = Partial<Options> & {
  readonly connection?: Partial<KafkaConnection>;
  readonly window?: Demand;
  /** Of two openings with one checkpoint the second is the first one's return. */
  readonly checkpoint?: Checkpoint;
  /** Of a source: whether nothing is sent of a delivery that is revoked. */
  readonly isFenced?: boolean;
};

export async function openSource(
  brokers: Brokers,
  { connection, window, checkpoint, isFenced, ...from }: Given<KafkaFrom>,
): Promise<TestSource> {
  const record = recorded('source', window, checkpoint, isFenced);
  const source = await kafka.openSource(
    {
      connection: connectionTo(brokers, connection),
      end: withDefaults<Partial<KafkaFrom>>(kafka.sourceSchema, { sessionTimeout: '6s', ...from }) as KafkaFrom,
    },
    record.context,
  );
  const read = async (room: Demand): Promise<readonly Delivery[]> => {
    const batch = await source.read(room, AbortSignal.timeout(patient(DEADLINE_MS)));
    if (batch.length === 0) throw new Error('nothing came in time');
    return batch;
  };
  return {
    ...record,
    source,
    async take(count) {
      const taken: Delivery[] = [];
      while (taken.length < count) taken.push(...(await read({ ...WINDOW, messages: count - taken.length })));
      return taken;
    },
    async settleUntil(enough) {
      const taken: Delivery[] = [];
      while (!enough(taken)) {
        for (const delivery of await read(WINDOW)) {
          taken.push(delivery);
          delivery.settle(ACCEPT);
        }
      }
      return taken;
    },
    [Symbol.asyncDispose]: () => source.close(),
  };
}

export interface TestSink extends AsyncDisposable, Recorded {
  readonly sink: Sink;
  send(frame: Frame): Promise<unknown>;
  /** Sends all as the engine does: after a fault of the bus again from the first that was not confirmed. */
  deliver(frames: readonly Frame[]): Promise<void>;
}

export async function openSink(
  brokers: Brokers,
  { connection, window, checkpoint, ...to }: Given<KafkaTo>,
): Promise<TestSink> {
  const record = recorded('sink', window, checkpoint);
  const sink = await kafka.openSink(
    {
      connection: connectionTo(brokers, connection),
      end: withDefaults<Partial<KafkaTo>>(kafka.sinkSchema, to) as KafkaTo,
    },
    record.context,
  );
  // What is thrown at once is as good as a rejection.
  const send = async (frame: Frame): Promise<unknown> => sink.send(frame);
  return {
    ...record,
    sink,
    send,
    async deliver(frames) {
      const endMs = performance.now() + patient(DEADLINE_MS);
      for (let left = frames; left.length > 0;) {
        const results = await Promise.allSettled(left.map(send));
        const first = results.findIndex(({ status }) => status === 'rejected');
        const failed = results[first];
        if (failed?.status !== 'rejected') return;
        if (asSluiceError(failed.reason).scope !== 'bus' || performance.now() > endMs) throw failed.reason;
        left = left.slice(first);
        await pause(20);
      }
    },
    [Symbol.asyncDispose]: () => sink.close(),
  };
}

export const bodyOf = ({ frame }: Delivery): string | null =>
  frame.body === null ? null : Buffer.from(frame.body).toString();
