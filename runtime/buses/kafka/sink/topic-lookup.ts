import { type ErrorCode, SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import { pause } from '#kit/deadline.ts';
import type { Link } from '../link.ts';
import type { KafkaTo } from '../options.ts';
import { TopicTarget } from './topic-target.ts';

/** A topic that was just made is not known to every server at once. */
const LOOK_AGAIN_MS = 300;
/** So long a topic that is missing is not looked for again. */
const MISSING_MS = 2000;
const METADATA_AGE_MS = 300_000;
const TOPIC_RESOURCE = 2;
const LIMIT = 'max.message.bytes';
const POLICY = 'cleanup.policy';
const TIMES = 'message.timestamp.type';
const PAST = 'message.timestamp.before.max.ms';
const FUTURE = 'message.timestamp.after.max.ms';
/** What a batch takes beside key and body of its one record, at least. */
const OVERHEAD_BYTES = 66;

/** The topics that frames of one sink go to. */
export class Topics {
  readonly #link: Link;
  readonly #to: KafkaTo;
  /** Those whose partitions are known. */
  readonly #known = new Map<string, TopicTarget>();
  readonly #all = new Map<string, TopicTarget>();
  readonly #looking = new Map<string, Promise<TopicTarget>>();
  readonly #missing = new Map<string, number>();
  readonly #isFixed: boolean;
  #freshUntilMs = performance.now() + METADATA_AGE_MS;

  constructor(link: Link, to: KafkaTo) {
    this.#link = link;
    this.#to = to;
    this.#isFixed = !to.topic.includes('{');
  }

  /** Connects; a topic that is not made from messages must be there. Answers what was found. */
  async meetFixed(): Promise<string> {
    if (!this.#isFixed) {
      await this.#link.ping();
      return `writing to ${this.#to.topic}`;
    }
    const topic = await this.#look(this.#to.topic);
    return `writing to ${topic.name}, ${topic.partitionCount} partitions`;
  }

  /** Looks at everything anew that was met, and connects to whom it needs. */
  async meetAgain(): Promise<void> {
    await this.#link.ping();
    for (const topic of this.#all.values()) {
      const found = await this.#look(topic.name).catch((thrown: unknown) => {
        // Gone, or denied: its messages say so.
        if (thrown instanceof SluiceError && thrown.scope === 'message') return undefined;
        throw thrown;
      });
      for (const leader of found?.leadersInUse() ?? []) if (leader >= 0) await this.#link.broker(leader);
    }
  }

  /** The topic, where nothing need be asked. */
  known(name: string): TopicTarget | undefined {
    if (performance.now() > this.#freshUntilMs) this.#refresh();
    return this.#known.get(name);
  }

  /**
   * Rejects with ADDRESS_INVALID or SINK_DENIED for a topic that messages name, with a fault of the bus where it is fixed.
   * Calls are answered in their order.
   */
  find(name: string): Promise<TopicTarget> {
    const looking = this.#looking.get(name);
    if (looking !== undefined) return looking;
    const missingUntilMs = this.#missing.get(name);
    if (missingUntilMs !== undefined) {
      if (performance.now() < missingUntilMs) return Promise.reject(this.#notThere(name));
      this.#missing.delete(name);
    }
    const look = this.#look(name).finally(() => this.#looking.delete(name));
    this.#looking.set(name, look);
    return look;
  }

  /** Somebody else may lead its partitions. */
  invalidate(topic: TopicTarget): void {
    this.#known.delete(topic.name);
  }

  /** Throws for a frame that the topic would refuse, as far as is known. */
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

  #checkTime({ name, takesTimes }: TopicTarget, { timestampMs }: Frame): void {
    if (timestampMs === undefined || takesTimes === undefined) return;
    const aheadMs = timestampMs - Date.now();
    if (aheadMs <= takesTimes.afterMs && -aheadMs <= takesTimes.beforeMs) return;
    const [side, setting] = aheadMs > 0 ? ['ahead', FUTURE] : ['ago', PAST];
    const text = `a timestamp ${Math.round(Math.abs(aheadMs) / 1000)} s ${side}, and topic ${name} takes none such (${setting})`;
    throw this.#error('SINK_REFUSED', text);
  }

  /** More partitions may have been added: keys belong elsewhere then. */
  #refresh(): void {
    this.#freshUntilMs = performance.now() + METADATA_AGE_MS;
    for (const name of this.#known.keys()) this.#look(name).catch(() => {});
  }

  async #look(name: string): Promise<TopicTarget> {
    const topic = this.#all.get(name) ?? new TopicTarget(name);
    try {
      topic.learn(await this.#partitions(name));
    } catch (thrown) {
      this.#known.delete(name);
      throw this.#judged(name, thrown);
    }
    const { partition } = this.#to;
    if (partition !== undefined && partition >= topic.partitionCount) throw this.#noPartition(topic, partition);
    if (!this.#all.has(name)) await this.#learnLimits(topic);
    this.#all.set(name, topic);
    this.#known.set(name, topic);
    return topic;
  }

  async #partitions(name: string): ReturnType<Link['partitions']> {
    try {
      return await this.#link.insistOnTopic(name);
    } catch (thrown) {
      if (!(thrown instanceof SluiceError) || thrown.code !== 'BUS_MISSING') throw thrown;
      await pause(LOOK_AGAIN_MS, this.#link.signal);
      return this.#link.partitions(name);
    }
  }

  /** Its limits, where we may read them; otherwise the server's refusals tell. */
  async #learnLimits(topic: TopicTarget): Promise<void> {
    try {
      const broker = await this.#link.broker(topic.leaderOf(0));
      const resources = [{ type: TOPIC_RESOURCE, name: topic.name, configNames: [LIMIT, POLICY, TIMES, PAST, FUTURE] }];
      const answer = await broker.describeConfigs({ resources });
      const entries = answer.resources[0]?.configEntries ?? [];
      const valueOf = (name: string): string =>
        entries.find(({ configName }) => configName === name)?.configValue ?? '';
      topic.maxBatchBytes = Number(valueOf(LIMIT)) || Number.POSITIVE_INFINITY;
      topic.needsKeys = valueOf(POLICY).includes('compact');
      const boundOf = (name: string): number =>
        valueOf(name) === '' ? Number.POSITIVE_INFINITY : Number(valueOf(name));
      // Where the server writes times of its own, it looks at nobody else's.
      topic.takesTimes =
        valueOf(TIMES) === 'LogAppendTime' ? undefined : { beforeMs: boundOf(PAST), afterMs: boundOf(FUTURE) };
    } catch {
      // Not granted, or the server is leaving: the next request says so.
    }
  }

  #judged(name: string, thrown: unknown): unknown {
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
