import type { BusContext, EndOptions } from '#contract/bus.ts';
import { speller } from '#contract/carried-headers.ts';
import { asSluiceError, type ErrorCode, SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Receipt, Sink, RecoveredLog, RecoveryQuery } from '#contract/sink.ts';
import { backoffMs } from '#kit/backoff.ts';
import { pause, withDeadline } from '#kit/deadline.ts';
import { durationMs, sizeBytes } from '#kit/quantity.ts';
import { bytesOfText } from '#kit/raw-text.ts';
import { COMPRESSIONS } from './compression.ts';
import { headerSpelling } from './header-spelling.ts';
import { retryUntilReady } from './retry-until-ready.ts';
import { Link } from './link.ts';
import type { KafkaConnection, KafkaTo } from './options.ts';
import type { PendingBatch } from './pending-batch.ts';
import type { Verdict } from './produce.ts';
import { produceError } from './produce-error.ts';
import { RecordBatch } from './record-batch.ts';
import { sendShipments, type Sending, type Shipment } from './shipment.ts';
import { recoverIds } from './log-recovery.ts';
import { Topics } from './topic-lookup.ts';
import { topicNames } from './topics.ts';
import type { Queue, TopicTarget } from './topic-target.ts';

const RECOVERY = { firstMs: 100, capMs: 2000 };
/** One try to find the cluster again takes at least so long before it is given up. */
const LEAST_TRY_MS = 2000;

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

/** A frame whose topic is looked for. */
interface InLine {
  readonly frame: Frame;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Each frame is written into the batch of its partition as it comes. To each server one request is under way, with one
 * batch for each partition that it leads, and what comes meanwhile makes up the next: so order needs no numbers, and
 * the busier it is, the larger batches are.
 */
class KafkaSink implements Sink {
  readonly maxInFlight = 4096;
  readonly recoverIds: (wanted: RecoveryQuery, signal: AbortSignal) => Promise<RecoveredLog>;
  readonly #link: Link;
  readonly #to: KafkaTo;
  readonly #sending: Sending;
  readonly #spell: (frame: Frame) => Frame;
  readonly #batchBytes: number;
  readonly #lingerMs: number;
  readonly #timeoutMs: number;
  readonly #topics: Topics;
  readonly #lines = new Map<string, InLine[]>();
  readonly #underWay = new Set<PendingBatch>();
  /** Those in which something waits. */
  readonly #waiting = new Set<Queue>();
  /** Servers that owe an answer. */
  readonly #busy = new Set<number>();
  #turn: NodeJS.Immediate | undefined;
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
    this.#sending = { timeoutMs: this.#timeoutMs, compression: COMPRESSIONS[to.compression] };
    this.#topics = new Topics(link, to);
    link.onLost((address) => {
      // Servers close what is idle: only if the cluster cannot be reached it is a loss.
      if (this.#busy.size === 0) void this.#recover(`lost ${address}`, false);
    });
  }

  /** Connects, and finds the topic where it is fixed. */
  async connect(): Promise<void> {
    const said = await this.#topics.meetFixed();
    this.#link.connected(said);
  }

  send(frame: Frame): Promise<Receipt> {
    if (!this.#link.isUp) throw this.#error('SINK_DOWN', 'the cluster is away');
    const flaw = topicNames.flaw(frame.address);
    if (flaw !== undefined) throw this.#error('ADDRESS_INVALID', `the topic holds ${flaw}`);
    const topic = this.#lines.has(frame.address) ? undefined : this.#topics.known(frame.address);
    return topic === undefined ? this.#standInLine(frame) : this.#put(topic, frame);
  }

  close(): Promise<void> {
    clearImmediate(this.#turn);
    clearTimeout(this.#linger);
    this.#link.close();
    const error = this.#error('SINK_DOWN', 'the sink is closing');
    for (const batch of this.#underWay) batch.fail(error);
    for (const line of this.#lines.values()) for (const { reject } of line) reject(error);
    this.#failWaiting(error);
    return Promise.resolve();
  }

  /** Frames of a topic that is looked for leave in the order in which they came. */
  #standInLine(frame: Frame): Promise<Receipt> {
    const { promise, resolve, reject } = Promise.withResolvers<Receipt>();
    const line = this.#lines.get(frame.address);
    if (line !== undefined) line.push({ frame, resolve, reject });
    else {
      const begun = [{ frame, resolve, reject }];
      this.#lines.set(frame.address, begun);
      void this.#serve(frame.address, begun);
    }
    return promise;
  }

  async #serve(address: string, line: readonly InLine[]): Promise<void> {
    try {
      const tooLate = (): SluiceError => this.#error('SINK_TIMEOUT', `no answer within ${this.#timeoutMs} ms`);
      const topic = await withDeadline(this.#topics.find(address), this.#timeoutMs, tooLate);
      this.#lines.delete(address);
      if (!this.#link.isUp) throw this.#error('SINK_DOWN', 'the cluster is away');
      for (const { frame, resolve, reject } of line) {
        try {
          this.#put(topic, frame).then(resolve, reject);
        } catch (thrown) {
          reject(asSluiceError(thrown, 'SINK_UNWRITABLE'));
        }
      }
    } catch (thrown) {
      this.#lines.delete(address);
      const cause = this.#link.errorOf(thrown);
      const isAway = cause.code === 'BUS_UNREACHABLE' || cause.code === 'BUS_TLS';
      const error = isAway ? this.#down(cause) : cause;
      for (const { reject } of line) reject(error);
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
      this.#turn ??= setImmediate(() => this.#ship());
    else this.#linger ??= setTimeout(() => this.#ship(), this.#lingerMs);
    return sent;
  }

  /** Sends what waits to every server that owes nothing. */
  #ship(): void {
    clearImmediate(this.#turn);
    clearTimeout(this.#linger);
    this.#turn = undefined;
    this.#linger = undefined;
    const shipments = new Map<number, Shipment[]>();
    for (const queue of this.#waiting) {
      const leader = queue.topic.leaderOf(queue.partition);
      if (leader < 0) {
        this.#topics.invalidate(queue.topic);
        const text = `topic ${queue.topic.name}, partition ${queue.partition}: nobody leads it now`;
        return this.#failWaiting(this.#error('SINK_DOWN', text));
      }
      if (this.#busy.has(leader)) continue;
      const batch = queue.batches.shift();
      if (batch !== undefined) {
        queue.topic.turn(queue.partition);
        const others = shipments.get(leader);
        if (others === undefined) shipments.set(leader, [{ queue, batch }]);
        else others.push({ queue, batch });
      }
      if (queue.batches.size === 0) this.#waiting.delete(queue);
    }
    for (const [leader, batches] of shipments) void this.#deliver(leader, batches);
  }

  async #deliver(leader: number, shipments: readonly Shipment[]): Promise<void> {
    this.#busy.add(leader);
    for (const { batch } of shipments) this.#underWay.add(batch);
    try {
      const verdicts = await sendShipments(this.#link, leader, shipments, this.#sending);
      this.#arrived(leader, shipments);
      for (const shipment of shipments) this.#judge(shipment, verdicts);
    } catch (thrown) {
      this.#arrived(leader, shipments);
      const cause = this.#link.errorOf(thrown);
      const error = cause.code === 'SINK_TIMEOUT' ? cause : this.#down(cause);
      for (const { batch } of shipments) batch.fail(error);
      this.#failWaiting(error);
      void this.#recover(error.message, true);
    }
    if (this.#waiting.size > 0) this.#ship();
  }

  #arrived(leader: number, shipments: readonly Shipment[]): void {
    this.#busy.delete(leader);
    for (const { batch } of shipments) this.#underWay.delete(batch);
  }

  #judge({ queue, batch }: Shipment, verdicts: readonly Verdict[]): void {
    if (batch.count === 0) return undefined;
    const { topic, partition } = queue;
    const verdict = verdicts.find((one) => one.partition === partition && one.topic === topic.name);
    if (verdict?.errorCode === 0) return batch.confirm('confirmed');
    if (verdict === undefined)
      return this.#refuse(batch, this.#error('SINK_DOWN', 'the server left a batch unanswered'));
    const { code, text, blames } = produceError(verdict);
    if (blames === 'leader') this.#topics.invalidate(topic);
    if (blames === 'message' && batch.count > 1 && code !== 'SINK_DENIED') {
      topic.separate();
      const why = `${text}. One of a batch is refused: each is sent alone now, to find it`;
      return this.#refuse(batch, this.#error('BUS_SETTING', why));
    }
    this.#refuse(batch, this.#error(code, text));
  }

  #refuse(batch: PendingBatch, error: SluiceError): void {
    batch.fail(error);
    // The engine sends all of it again from here on: what left now would be there twice, or out of order.
    if (error.verdict === 'retry') this.#failWaiting(error);
  }

  #failWaiting(error: SluiceError): void {
    for (const { batches } of this.#waiting) {
      for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) batch.fail(error);
    }
    this.#waiting.clear();
  }

  /** Until the cluster and the servers that are needed can be reached again. */
  async #recover(detail: string, isLost: boolean): Promise<void> {
    if (this.#link.closed) return;
    if (isLost) this.#link.disconnected(detail);
    if (this.#isRecovering) return;
    this.#isRecovering = true;
    const tryMs = Math.max(LEAST_TRY_MS, this.#timeoutMs);
    for (let failures = 1; !this.#link.closed; failures += 1) {
      try {
        const slow = (): SluiceError => {
          this.#link.renew(`the cluster does not answer within ${tryMs} ms`);
          return this.#error('BUS_UNREACHABLE', 'the cluster does not answer');
        };
        await withDeadline(this.#topics.meetAgain(), tryMs, slow);
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
