import type { BusContext, EndOptions } from '#contract/bus.ts';
import { connectionReader } from '#contract/connection-reader.ts';
import { type ErrorCode, SluiceError } from '#contract/errors.ts';
import { createKafkaClient } from './client/index.ts';
import type { KafkaClient, PartitionMetadata, TopicMetadata } from './kafka-client.ts';
import { kafkaErrorIn } from './kafka-error.ts';
import type { KafkaConnection } from './options.ts';

/** One end's own client of the cluster, and its reports to the runtime. */
export class Link {
  readonly context: BusContext;
  readonly client: KafkaClient;
  readonly #brokers: string;
  readonly #canCreate: boolean;
  readonly #ended = new AbortController();
  #isUp = false;

  constructor(context: BusContext, options: EndOptions<KafkaConnection, unknown>) {
    const { connection } = options;
    this.context = context;
    this.client = createKafkaClient(connectionReader(options));
    this.#brokers = connection.brokers.join(',');
    this.#canCreate = connection.create;
    this.client.onRenewed((reason) => this.#reportRenewed(reason));
  }

  /** Aborts when the link is closed. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  get closed(): boolean {
    return this.#ended.signal.aborted;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  error(code: ErrorCode, text: string, cause?: unknown): SluiceError {
    const { connection: bus } = this.context;
    return new SluiceError(code, `${bus} (${this.#brokers}): ${text}`, { place: { bus }, cause });
  }

  /** As an error that names the bus; what already is one stays. */
  errorOf(thrown: unknown, about = ''): SluiceError {
    if (thrown instanceof SluiceError) return thrown;
    const { code, message } = kafkaErrorIn(thrown) ?? { code: 'BUS_UNREACHABLE' as const, message: String(thrown) };
    return this.error(code, about === '' ? message : `${about}: ${message}`, thrown);
  }

  reportProblem(error: SluiceError): void {
    if (!this.closed) this.context.report({ kind: 'problem', error });
  }

  connected(detail: string): void {
    if (this.#isUp || this.closed) return;
    this.#isUp = true;
    this.context.report({ kind: 'connected', detail: `${this.#brokers}, ${detail}` });
  }

  disconnected(detail: string): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.context.report({ kind: 'disconnected', detail: `${this.#brokers}: ${detail}` });
  }

  /** Called when an established connection has ended. */
  onLost(listener: (address: string) => void): void {
    this.client.onLost((address) => {
      if (!this.closed) listener(address);
    });
  }

  /** The topic's partitions, in order. Rejects with BUS_MISSING where there is no such topic. */
  partitions(topic: string): Promise<readonly PartitionMetadata[]> {
    return this.#named(this.client.partitions(topic));
  }

  /** Every topic that the cluster shows to this client. */
  topics(): Promise<readonly TopicMetadata[]> {
    return this.#named(this.client.topics());
  }

  /** Asks the cluster for its servers. */
  ping(): Promise<void> {
    return this.#named(this.client.refresh());
  }

  /** As `partitions`; with `create: true` a missing topic is created. */
  async ensureTopic(topic: string): Promise<readonly PartitionMetadata[]> {
    try {
      return await this.partitions(topic);
    } catch (thrown) {
      if (!this.#canCreate || !(thrown instanceof SluiceError) || thrown.code !== 'BUS_MISSING') throw thrown;
    }
    await this.#create(topic);
    return this.partitions(topic);
  }

  /** Ends every connection: open requests fail, and late answers are dropped. */
  sever(): void {
    this.client.sever();
  }

  /** The same, because an answer is overdue. */
  renew(reason: string): void {
    this.client.sever();
    this.#reportRenewed(reason);
  }

  /** Ends everything at once; nothing is reported any more. */
  close(): void {
    this.#ended.abort();
    this.#isUp = false;
    this.client.close();
  }

  #reportRenewed(reason: string): void {
    if (!this.closed) this.context.report({ kind: 'renewed', detail: `${this.#brokers}: ${reason}` });
  }

  async #named<T>(asking: Promise<T>): Promise<T> {
    try {
      return await asking;
    } catch (thrown) {
      throw this.errorOf(thrown);
    }
  }

  async #create(topic: string): Promise<void> {
    try {
      await this.client.createTopic(topic);
    } catch (thrown) {
      if (kafkaErrorIn(thrown)?.type === 'TOPIC_ALREADY_EXISTS') return;
      throw this.errorOf(thrown, `topic ${topic} cannot be made`);
    }
  }
}
