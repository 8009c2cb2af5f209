import type { BusContext, EndOptions } from '#contract/bus.ts';
import { speller } from '#contract/carried-headers.ts';
import { asSluiceError, type ErrorCode, SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Receipt, Sink, RecoveredLog, RecoveryQuery } from '#contract/sink.ts';
import { backoffMs } from '#kit/backoff.ts';
import { pause, withDeadline } from '#kit/deadline.ts';
import { durationMs, sizeBytes } from '#kit/quantity.ts';
import { bytesOfText } from '#kit/raw-text.ts';
import { COMPRESSIONS } from './records/compression.ts';
import { headerSpelling } from './header-spelling.ts';
import { retryUntilReady } from './retry-until-ready.ts';
import { Link } from './link.ts';
import type { KafkaConnection, KafkaTo } from './options.ts';
import type { PendingBatch } from './sink/pending-batch.ts';
import type { ProduceResult } from './kafka-client.ts';
import { produceError } from './sink/produce-error.ts';
import { RecordBatch } from './records/record-batch.ts';
import { type OutgoingBatch, produceBatches, type ProduceSettings } from './sink/produce-batches.ts';
import { recoverIds } from './sink/log-recovery.ts';
import { TopicLookup } from './sink/topic-lookup.ts';
import { topicNames } from './topics.ts';
import type { PartitionQueue, TopicTarget } from './sink/topic-target.ts';

const RECOVERY = { firstMs: 100, capMs: 2000 };
/** Least deadline of one attempt to reach the cluster again. */
const LEAST_ATTEMPT_MS = 2000;

export async function openSink(options: EndOptions<KafkaConnection, KafkaTo>, context: BusContext): Promise<Sink> {
  const link = new Link(context, options);
  const sink = new KafkaSink(link, options.end, (wanted, signal) => recoverIds(options, context, wanted, signal));
  try {
    await retryUntilReady(link, context.signal, () => sink.connect());
  } catch (thrown) {
    await sink.close();
    throw thrown;
  }
  return sink;
}

/** A frame that waits for the lookup of its topic. */
interface WaitingFrame {
  readonly frame: Frame;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Each frame is written into the batch of its partition as it comes. Each server has one open request at most, with one
 * batch for each partition that it leads; frames that come meanwhile fill the next batches. So order needs no sequence
 * numbers, and batches grow with the load.
 */
class KafkaSink implements Sink {
  readonly maxInFlight = 4096;
  readonly recoverIds: (wanted: RecoveryQuery, signal: AbortSignal) => Promise<RecoveredLog>;
  readonly #link: Link;
  readonly #to: KafkaTo;
  readonly #settings: ProduceSettings;
  readonly #spell: (frame: Frame) => Frame;
  readonly #batchBytes: number;
  readonly #lingerMs: number;
  readonly #timeoutMs: number;
  readonly #topics: TopicLookup;
  readonly #lookups = new Map<string, WaitingFrame[]>();
  readonly #inFlight = new Set<PendingBatch>();
  /** Queues with batches. */
  readonly #waiting = new Set<PartitionQueue>();
  /** Servers with an open request. */
  readonly #busy = new Set<number>();
  #immediate: NodeJS.Immediate | undefined;
  #linger: NodeJS.Timeout | undefined;
  #isRecovering = false;

  constructor(link: Link, to: KafkaTo, recover: KafkaSink['recoverIds']) {
    this.recoverIds = recover;
    this.#link = link;
    this.#to = to;
    this.#spell = speller(link.context, headerSpelling);
    this.#batchBytes = sizeBytes(to.batchBytes);
    this.#lingerMs = durationMs(to.linger);
    this.#timeoutMs = durationMs(to.timeout);
    this.#settings = { timeoutMs: this.#timeoutMs, compression: COMPRESSIONS[to.compression] };
    this.#topics = new TopicLookup(link, to);
    link.onLost((address) => {
      // Servers close idle connections: it is a loss only if the cluster cannot be reached.
      if (this.#busy.size === 0) void this.#recover(`lost ${address}`, false);
    });
  }

  /** Connects, and looks up the topic where it is fixed. */
  async connect(): Promise<void> {
    this.#link.connected(await this.#topics.connect());
  }

  send(frame: Frame): Promise<Receipt> {
    if (!this.#link.isUp) throw this.#error('SINK_DOWN', 'the cluster is away');
    const flaw = topicNames.flaw(frame.address);
    if (flaw !== undefined) throw this.#error('ADDRESS_INVALID', `the topic holds ${flaw}`);
    const topic = this.#lookups.has(frame.address) ? undefined : this.#topics.known(frame.address);
    return topic === undefined ? this.#enqueue(frame) : this.#put(topic, frame);
  }

  close(): Promise<void> {
    clearImmediate(this.#immediate);
    clearTimeout(this.#linger);
    this.#link.close();
    const error = this.#error('SINK_DOWN', 'the sink is closing');
    for (const batch of this.#inFlight) batch.fail(error);
    for (const frames of this.#lookups.values()) for (const { reject } of frames) reject(error);
    this.#failWaiting(error);
    return Promise.resolve();
  }

  /** Frames that wait for the lookup of their topic are sent in the order in which they came. */
  #enqueue(frame: Frame): Promise<Receipt> {
    const { promise, resolve, reject } = Promise.withResolvers<Receipt>();
    const waiting = this.#lookups.get(frame.address);
    if (waiting !== undefined) waiting.push({ frame, resolve, reject });
    else {
      const first = [{ frame, resolve, reject }];
      this.#lookups.set(frame.address, first);
      void this.#lookUp(frame.address, first);
    }
    return promise;
  }

  async #lookUp(address: string, waiting: readonly WaitingFrame[]): Promise<void> {
    try {
      const tooLate = (): SluiceError => this.#error('SINK_TIMEOUT', `no answer within ${this.#timeoutMs} ms`);
      const topic = await withDeadline(this.#topics.find(address), this.#timeoutMs, tooLate);
      this.#lookups.delete(address);
      if (!this.#link.isUp) throw this.#error('SINK_DOWN', 'the cluster is away');
      for (const { frame, resolve, reject } of waiting) {
        try {
          this.#put(topic, frame).then(resolve, reject);
        } catch (thrown) {
          reject(asSluiceError(thrown, 'SINK_UNWRITABLE'));
        }
      }
    } catch (thrown) {
      this.#lookups.delete(address);
      const cause = this.#link.errorOf(thrown);
      const isAway = cause.code === 'BUS_UNREACHABLE' || cause.code === 'BUS_TLS';
      const error = isAway ? this.#down(cause) : cause;
      for (const { reject } of waiting) reject(error);
      if (!isAway && error.code !== 'SINK_TIMEOUT') return;
      this.#link.sever();
      void this.#recover(error.message, true);
    }
  }

  #put(topic: TopicTarget, given: Frame): Promise<Receipt> {
    const frame = this.#spell(given);
    const key = frame.key === undefined ? undefined : bytesOfText(frame.key);
    this.#topics.check(topic, frame, key);
    const queue = topic.queue(this.#to.partition ?? topic.partitionFor(key));
    const bound = RecordBatch.bound(frame, key);
    const batch = topic.open(queue, bound, this.#batchBytes);
    const sent = batch.add(frame, key, Date.now(), bound);
    this.#waiting.add(queue);
    if (this.#lingerMs === 0 || batch.records.length >= this.#batchBytes)
      this.#immediate ??= setImmediate(() => this.#flush());
    else this.#linger ??= setTimeout(() => this.#flush(), this.#lingerMs);
    return sent;
  }

  /** Sends the next batches to every server without an open request. */
  #flush(): void {
    clearImmediate(this.#immediate);
    clearTimeout(this.#linger);
    this.#immediate = undefined;
    this.#linger = undefined;
    const outgoing = new Map<number, OutgoingBatch[]>();
    for (const queue of this.#waiting) {
      const leader = queue.topic.leaderOf(queue.partition);
      if (leader < 0) {
        this.#topics.invalidate(queue.topic);
        const text = `topic ${queue.topic.name}, partition ${queue.partition}: it has no leader now`;
        return this.#failWaiting(this.#error('SINK_DOWN', text));
      }
      if (this.#busy.has(leader)) continue;
      const batch = queue.batches.shift();
      if (batch !== undefined) {
        queue.topic.advanceSticky(queue.partition);
        const others = outgoing.get(leader);
        if (others === undefined) outgoing.set(leader, [{ queue, batch }]);
        else others.push({ queue, batch });
      }
      if (queue.batches.size === 0) this.#waiting.delete(queue);
    }
    for (const [leader, batches] of outgoing) void this.#deliver(leader, batches);
  }

  async #deliver(leader: number, outgoing: readonly OutgoingBatch[]): Promise<void> {
    this.#busy.add(leader);
    for (const { batch } of outgoing) this.#inFlight.add(batch);
    try {
      const results = await produceBatches(this.#link, leader, outgoing, this.#settings);
      this.#completed(leader, outgoing);
      for (const one of outgoing) this.#settle(one, results);
    } catch (thrown) {
      this.#completed(leader, outgoing);
      const cause = this.#link.errorOf(thrown);
      const error = cause.code === 'SINK_TIMEOUT' ? cause : this.#down(cause);
      for (const { batch } of outgoing) batch.fail(error);
      this.#failWaiting(error);
      void this.#recover(error.message, true);
    }
    if (this.#waiting.size > 0) this.#flush();
  }

  #completed(leader: number, outgoing: readonly OutgoingBatch[]): void {
    this.#busy.delete(leader);
    for (const { batch } of outgoing) this.#inFlight.delete(batch);
  }

  #settle({ queue, batch }: OutgoingBatch, results: readonly ProduceResult[]): void {
    if (batch.count === 0) return undefined;
    const { topic, partition } = queue;
    const result = results.find((one) => one.partition === partition && one.topic === topic.name);
    if (result === undefined)
      return this.#refuse(batch, this.#error('SINK_DOWN', 'the server left a batch unanswered'));
    if (result.error === undefined) return batch.confirm('confirmed');
    const { code, text, blames } = produceError(result, result.error, result.reason);
    if (blames === 'leader') this.#topics.invalidate(topic);
    if (blames === 'message' && batch.count > 1 && code !== 'SINK_DENIED') {
      topic.sendSingly();
      const why = `${text}. One of a batch is refused: each is sent alone now, to find it`;
      return this.#refuse(batch, this.#error('BUS_SETTING', why));
    }
    this.#refuse(batch, this.#error(code, text));
  }

  #refuse(batch: PendingBatch, error: SluiceError): void {
    batch.fail(error);
    // The engine sends everything from here on again: a batch sent now would be stored twice, or out of order.
    if (error.verdict === 'retry') this.#failWaiting(error);
  }

  #failWaiting(error: SluiceError): void {
    for (const { batches } of this.#waiting) {
      for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) batch.fail(error);
    }
    this.#waiting.clear();
  }

  /** Retries until the cluster and the leaders in use can be reached again. */
  async #recover(detail: string, isLost: boolean): Promise<void> {
    if (this.#link.closed) return;
    if (isLost) this.#link.disconnected(detail);
    if (this.#isRecovering) return;
    this.#isRecovering = true;
    const attemptMs = Math.max(LEAST_ATTEMPT_MS, this.#timeoutMs);
    for (let failures = 1; !this.#link.closed; failures += 1) {
      try {
        const slow = (): SluiceError => {
          this.#link.renew(`the cluster does not answer within ${attemptMs} ms`);
          return this.#error('BUS_UNREACHABLE', 'the cluster does not answer');
        };
        await withDeadline(this.#topics.reconnect(), attemptMs, slow);
        break;
      } catch (thrown) {
        if (this.#link.closed) break;
        this.#link.disconnected(detail);
        this.#link.sever();
        if (failures > 1) this.#link.reportProblem(this.#link.errorOf(thrown));
        await pause(backoffMs(RECOVERY, failures), this.#link.signal);
      }
    }
    this.#isRecovering = false;
    this.#link.connected('found again');
  }

  #down(cause: SluiceError): SluiceError {
    return new SluiceError('SINK_DOWN', cause.message, { place: cause.place, cause });
  }

  #error(code: ErrorCode, text: string): SluiceError {
    return this.#link.error(code, text);
  }
}
