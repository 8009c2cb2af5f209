import { randomBytes } from 'node:crypto';
import type { BusContext, EndOptions } from '#contract/bus.ts';
import type { Delivery } from '#contract/delivery.ts';
import { SluiceError } from '#contract/errors.ts';
import { type NoteOddity, oddityNotes } from '#contract/oddity.ts';
import type { Demand, Source } from '#contract/source.ts';
import type { WatchStart } from '#contract/watch.ts';
import { AsyncQueue } from '#kit/async-queue.ts';
import { withDeadline } from '#kit/deadline.ts';
import type { Link } from '../../client/link.ts';
import type { JetStreamManager, StreamInfo } from '../../client/library.ts';
import type { ReceivedMessage } from '../../client/received-message.ts';
import type { Coordinates } from '../ack-reply.ts';
import { startOf } from '../consumer.ts';
import { managerOf } from '../manager.ts';
import type { JetStreamConnectionOptions, JetStreamFrom, Start } from '../options.ts';
import { type Break, type PullReader, PullSession } from '../pull-session.ts';
import { retryOverLink } from '../retry-over-link.ts';
import { asBusError } from '../stream.ts';
import { streamFrame } from '../stream-frame.ts';

/** The server deletes the consumer of a killed watcher after so long. */
const INACTIVE_NS = 30_000_000_000;
const CLOSE_MS = 2000;
const late = (): Error => new Error('not in time');

interface Shown extends Delivery {
  readonly bytes: number;
}

/** Reads a stream in its order through one ephemeral consumer after the other, each from where the last one was. */
export class StreamWatcher implements Source, PullReader {
  readonly window: Demand;
  readonly #link: Link;
  readonly #from: JetStreamFrom;
  readonly #context: BusContext;
  readonly #note: NoteOddity;
  readonly #queue = new AsyncQueue<Shown>(({ bytes }) => bytes);
  readonly #name = `sluice-tail-${randomBytes(4).toString('hex')}`;
  #start: Start | undefined;
  readonly #wanted: WatchStart;
  #consumer: string | undefined;
  #consumers = 0;
  #session: PullSession | undefined;
  #heldMessages = 0;
  #heldBytes = 0;

  constructor(link: Link, from: JetStreamFrom, start: WatchStart, context: BusContext) {
    this.#link = link;
    this.#from = from;
    this.#wanted = start;
    this.#context = context;
    this.#note = oddityNotes(context);
    this.window = context.window;
  }

  async open(options: EndOptions<JetStreamConnectionOptions, unknown>): Promise<void> {
    try {
      await this.#link.open(options);
      await this.#attach(this.#context.signal);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#link.listen({
      up: () => this.#attachAgain(),
      down: () => this.#session?.close(),
      denied: ({ operation, subject }) =>
        this.#link.problem('BUS_AUTH', `the server denies ${operation} of ${subject}, which watching a stream needs`),
    });
  }

  read(room: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    return this.#queue.read(room, signal);
  }

  async close(): Promise<void> {
    this.#session?.close();
    if (this.#link.up) await withDeadline(this.#deleteConsumer(), CLOSE_MS, late).catch(() => {});
    await this.#link.close();
  }

  room(): Demand & { readonly idle: boolean } {
    return {
      messages: this.window.messages - this.#heldMessages,
      bytes: this.window.bytes - this.#heldBytes,
      idle: this.#heldMessages === 0,
    };
  }

  delivered(message: ReceivedMessage, { sequence, timestampMs }: Coordinates): void {
    const { bytes } = message;
    this.#start = { sequence: sequence + 1 };
    this.#heldMessages += 1;
    this.#heldBytes += bytes;
    this.#queue.push({
      id: `${this.#from.stream}:${sequence}`,
      frame: streamFrame(message, timestampMs, this.#note),
      attempt: 1,
      bytes,
      settle: () => {
        this.#heldMessages -= 1;
        this.#heldBytes -= bytes;
        this.#session?.pull();
      },
    });
  }

  broken(_reason: Break): void {
    this.#attachAgain();
  }

  #attachAgain(): void {
    // Rejects only when the link was closed.
    this.#attach(this.#link.signal).catch(() => {});
  }

  async #attach(signal: AbortSignal): Promise<void> {
    await retryOverLink(this.#link, signal, async () => {
      this.#session?.close();
      const { wire } = this.#link;
      if (wire === undefined || !this.#link.up) throw this.#link.error('BUS_UNREACHABLE', 'not connected');
      const manager = await managerOf(this.#link);
      await this.#deleteConsumer();
      const { stream } = this.#from;
      const info = await manager.streams.info(stream).catch((error: unknown) => {
        throw asBusError(error, `stream ${stream}`);
      });
      refuseWorkQueue(info);
      this.#start ??= sequenceOf(this.#wanted, info);
      const name = await this.#addConsumer(manager, this.#start);
      this.#session = new PullSession(wire, this.#link.inbox(), { stream, name }, this);
      this.#session.start(1);
    });
  }

  async #addConsumer(manager: JetStreamManager, start: Start): Promise<string> {
    const { stream, subjects = [] } = this.#from;
    this.#consumers += 1;
    const name = `${this.#name}-${this.#consumers}`;
    const [only, ...others] = subjects;
    const filters =
      only === undefined ? {} : others.length === 0 ? { filter_subject: only } : { filter_subjects: [...subjects] };
    try {
      await manager.consumers.add(stream, {
        name,
        description: 'sluice tail: looks on, and is deleted with its reader',
        ack_policy: 'none',
        ...startOf(start),
        ...filters,
        mem_storage: true,
        num_replicas: 1,
        inactive_threshold: INACTIVE_NS,
      });
    } catch (error) {
      throw asBusError(error, `watching stream ${stream}`);
    }
    this.#consumer = name;
    return name;
  }

  async #deleteConsumer(): Promise<void> {
    const name = this.#consumer;
    this.#consumer = undefined;
    if (name === undefined) return;
    const manager = await managerOf(this.#link);
    await manager.consumers.delete(this.#from.stream, name).catch(() => {});
  }
}

/** A sequence instead of `new`: a watcher whose connection is lost goes on from there. */
function sequenceOf(wanted: WatchStart, { state }: StreamInfo): Start {
  if (wanted === 'earliest') return 'all';
  return wanted === 'new' ? { sequence: state.last_seq + 1 } : wanted;
}

/** There every message goes to one consumer, and is deleted once it is acknowledged. */
function refuseWorkQueue({ config: { name, retention, subjects } }: StreamInfo): void {
  if (retention !== 'workqueue') return;
  // A mirror has none.
  const [subject = 'SUBJECT'] = subjects ?? [];
  const text = `stream ${name} is a work queue (retention workqueue): a message that this reader got no other would get; watch what is published into it instead, over core NATS: nats://HOST:PORT/${subject}`;
  throw new SluiceError('BUS_SETTING', text);
}
