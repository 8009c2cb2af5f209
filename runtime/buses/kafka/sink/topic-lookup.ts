import { type ErrorCode, SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import { pause } from '#kit/deadline.ts';
import type { Link } from '../link.ts';
import type { KafkaTo } from '../options.ts';
import { TopicTarget } from './topic-target.ts';

/** A new topic is not known to every server at once. */
const RETRY_MS = 300;
/** For this time a missing topic is not looked up again. */
const MISSING_MS = 2000;
const METADATA_AGE_MS = 300_000;
const LIMIT = 'max.message.bytes';
const POLICY = 'cleanup.policy';
const TIMES = 'message.timestamp.type';
const PAST = 'message.timestamp.before.max.ms';
const FUTURE = 'message.timestamp.after.max.ms';
const RETENTION = 'retention.ms';
/** Least size of a batch of one record, without its key and body. */
const OVERHEAD_BYTES = 66;

/** The topics of one sink. */
export class TopicLookup {
  readonly #link: Link;
  readonly #to: KafkaTo;
  /** Topics whose partitions are known. */
  readonly #known = new Map<string, TopicTarget>();
  readonly #all = new Map<string, TopicTarget>();
  readonly #lookups = new Map<string, Promise<TopicTarget>>();
  readonly #missing = new Map<string, number>();
  readonly #isFixed: boolean;
  #freshUntilMs = performance.now() + METADATA_AGE_MS;

  constructor(link: Link, to: KafkaTo) {
    this.#link = link;
    this.#to = to;
    this.#isFixed = !to.topic.includes('{');
  }

  /** Connects; a fixed topic must exist. Returns the text of the report. */
  async connect(): Promise<string> {
    if (!this.#isFixed) {
      await this.#link.ping();
      return `writing to ${this.#to.topic}`;
    }
    const topic = await this.#lookUp(this.#to.topic);
    return `writing to ${topic.name}, ${topic.partitionCount} partitions`;
  }

  /** Looks up every topic in use again, and connects to the leaders. */
  async reconnect(): Promise<void> {
    await this.#link.ping();
    for (const topic of this.#all.values()) {
      const found = await this.#lookUp(topic.name).catch((thrown: unknown) => {
        // Deleted, or denied: its messages fail with that.
        if (thrown instanceof SluiceError && thrown.scope === 'message') return undefined;
        throw thrown;
      });
      for (const leader of found?.leadersInUse() ?? []) if (leader >= 0) await this.#link.client.connect(leader);
    }
  }

  /** The topic, where no lookup is needed. */
  known(name: string): TopicTarget | undefined {
    if (performance.now() > this.#freshUntilMs) this.#refresh();
    return this.#known.get(name);
  }

  /**
   * Rejects with ADDRESS_INVALID or SINK_DENIED for a topic that messages name, with a fault of the bus where it is fixed.
   * Calls for one topic resolve in their order.
   */
  find(name: string): Promise<TopicTarget> {
    const running = this.#lookups.get(name);
    if (running !== undefined) return running;
    const missingUntilMs = this.#missing.get(name);
    if (missingUntilMs !== undefined) {
      if (performance.now() < missingUntilMs) return Promise.reject(this.#notThere(name));
      this.#missing.delete(name);
    }
    const lookup = this.#lookUp(name).finally(() => this.#lookups.delete(name));
    this.#lookups.set(name, lookup);
    return lookup;
  }

  /** Other servers may lead its partitions. */
  invalidate(topic: TopicTarget): void {
    this.#known.delete(topic.name);
  }

  /** Throws for a frame that the topic would refuse, as far as its settings are known. */
  check(topic: TopicTarget, frame: Frame, key: Uint8Array | undefined): void {
    const bytes = OVERHEAD_BYTES + (key?.length ?? 0) + (frame.body?.length ?? 0);
    if (this.#to.compression === 'none' && bytes > topic.maxBatchBytes) {
      throw this.#error(
        'SINK_TOO_LARGE',
        `${bytes} bytes or more, and topic ${topic.name} takes ${topic.maxBatchBytes} (${LIMIT})`,
      );
    }
    if (key === undefined && topic.needsKeys) {
      throw this.#error('SINK_REFUSED', `topic ${topic.name} is compacted and takes no message without a key`);
    }
    this.#checkTime(topic, frame);
    const { partition } = this.#to;
    if (partition !== undefined && partition >= topic.partitionCount) throw this.#noPartition(topic, partition);
  }

  #checkTime({ name, timestampBounds }: TopicTarget, { timestampMs }: Frame): void {
    if (timestampMs === undefined || timestampBounds === undefined) return;
    const aheadMs = timestampMs - Date.now();
    if (aheadMs <= timestampBounds.afterMs && -aheadMs <= timestampBounds.beforeMs) {
      if (-aheadMs > timestampBounds.retentionMs) this.#reportOld(name, timestampBounds.retentionMs);
      return;
    }
    const [side, setting] = aheadMs > 0 ? ['ahead', FUTURE] : ['ago', PAST];
    const text = `a timestamp ${Math.round(Math.abs(aheadMs) / 1000)} s ${side}, and topic ${name} takes none such (${setting})`;
    throw this.#error('SINK_REFUSED', text);
  }

  #reportOld(name: string, retentionMs: number): void {
    const { context } = this.#link;
    const text = `topic ${name} deletes messages that are older, by their own time, than ${retentionMs} ms (${RETENTION}), and gets older ones: they are confirmed, and may be gone within minutes. Set the topic's ${TIMES} to LogAppendTime, or its ${RETENTION} higher`;
    context.report({ kind: 'notice', code: 'PAST_RETENTION', text: `${context.connection}: ${text}` });
  }

  /** Added partitions change the partition of a key. */
  #refresh(): void {
    this.#freshUntilMs = performance.now() + METADATA_AGE_MS;
    for (const name of this.#known.keys()) this.#lookUp(name).catch(() => {});
  }

  async #lookUp(name: string): Promise<TopicTarget> {
    const topic = this.#all.get(name) ?? new TopicTarget(name);
    try {
      topic.update(await this.#partitions(name));
    } catch (thrown) {
      this.#known.delete(name);
      throw this.#explained(name, thrown);
    }
    const { partition } = this.#to;
    if (partition !== undefined && partition >= topic.partitionCount) throw this.#noPartition(topic, partition);
    if (!this.#all.has(name)) await this.#readLimits(topic);
    this.#all.set(name, topic);
    this.#known.set(name, topic);
    return topic;
  }

  async #partitions(name: string): ReturnType<Link['partitions']> {
    try {
      return await this.#link.ensureTopic(name);
    } catch (thrown) {
      if (!(thrown instanceof SluiceError) || thrown.code !== 'BUS_MISSING') throw thrown;
      await pause(RETRY_MS, this.#link.signal);
      return this.#link.partitions(name);
    }
  }

  /** Reads the topic's settings, where that is permitted; otherwise refusals show them. */
  async #readLimits(topic: TopicTarget): Promise<void> {
    try {
      const { client } = this.#link;
      const leader = topic.leaderOf(0);
      await client.connect(leader);
      const settings = await client.topicConfig(leader, topic.name, [LIMIT, POLICY, TIMES, PAST, FUTURE, RETENTION]);
      const valueOf = (name: string): string => settings.get(name) ?? '';
      topic.maxBatchBytes = Number(valueOf(LIMIT)) || Number.POSITIVE_INFINITY;
      topic.needsKeys = valueOf(POLICY).includes('compact');
      const boundOf = (name: string): number =>
        valueOf(name) === '' ? Number.POSITIVE_INFINITY : Number(valueOf(name));
      // -1: for ever.
      const deletes = valueOf(POLICY).includes('delete') && boundOf(RETENTION) >= 0;
      const keptMs = deletes ? boundOf(RETENTION) : Number.POSITIVE_INFINITY;
      // A server that stamps records itself accepts any time of the producer.
      topic.timestampBounds =
        valueOf(TIMES) === 'LogAppendTime'
          ? undefined
          : { beforeMs: boundOf(PAST), afterMs: boundOf(FUTURE), retentionMs: keptMs };
    } catch {
      // Not permitted, or the server is shutting down: the next request shows it.
    }
  }

  #explained(name: string, thrown: unknown): unknown {
    if (!(thrown instanceof SluiceError)) return thrown;
    if (this.#isFixed) {
      this.#link.reportProblem(thrown);
      return thrown;
    }
    if (thrown.code === 'BUS_MISSING') {
      this.#missing.set(name, performance.now() + MISSING_MS);
      return this.#notThere(name);
    }
    return thrown.code === 'BUS_AUTH' ? this.#error('SINK_DENIED', thrown.message) : thrown;
  }

  #notThere(name: string): SluiceError {
    return this.#error(
      'ADDRESS_INVALID',
      `there is no topic ${name}: create it, or let the file do so with create: true`,
    );
  }

  #noPartition(topic: TopicTarget, partition: number): SluiceError {
    const text = `topic ${topic.name} has ${topic.partitionCount} partitions, and partition ${partition} is none of them`;
    return this.#error(this.#isFixed ? 'BUS_SETTING' : 'ADDRESS_INVALID', text);
  }

  #error(code: ErrorCode, text: string): SluiceError {
    return this.#link.error(code, text);
  }
}
