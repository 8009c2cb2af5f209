import type { BusContext, EndOptions } from '#contract/bus.ts';
import type { Delivery } from '#contract/delivery.ts';
import { type NoteOddity, oddityNotes } from '#contract/oddity.ts';
import type { Demand, Source } from '#contract/source.ts';
import type { WatchStart } from '#contract/watch.ts';
import { AsyncQueue } from '#kit/async-queue.ts';
import { backoffMs } from '#kit/backoff.ts';
import { pause } from '#kit/deadline.ts';
import { EARLIEST, type Fetched } from '../kafka-client.ts';
import { Link } from '../link.ts';
import { listOffsets } from '../list-offsets.ts';
import type { KafkaConnection, KafkaFrom, Start } from '../options.ts';
import { openBatch, splitBatches } from '../records/stored-batch.ts';
import { startOffsets } from '../source/start-offsets.ts';

const RETRY = { firstMs: 100, capMs: 5000 };
/** The partitions of other servers wait for the slowest answer. */
const LIMITS = { waitMs: 200, maxBytes: 8 * 1024 * 1024, maxBytesPerPartition: 1024 * 1024 };
/** Fetched and not shown yet: above it nothing is fetched. */
const MOST_READY = 4 * 1024 * 1024;
const LOOK_MS = 20;

interface Shown extends Delivery {
  readonly bytes: number;
}

/** A partition, its leader and the next offset. */
interface Place {
  readonly topic: string;
  readonly partition: number;
  leader: number;
  offset: number;
}

function settle(): void {
  // Nothing is committed.
}

/** Resolves once the first offsets are known. Rejects with a SluiceError. */
export async function openTopicWatcher(
  options: EndOptions<KafkaConnection, KafkaFrom>,
  start: WatchStart,
  context: BusContext,
): Promise<Source> {
  const watcher = new TopicWatcher(options, context);
  try {
    await watcher.open(start === 'new' ? 'latest' : start);
  } catch (thrown) {
    await watcher.close();
    throw thrown;
  }
  return watcher;
}

class TopicWatcher implements Source {
  readonly #link: Link;
  readonly #topics: readonly string[];
  readonly #note: NoteOddity;
  readonly #queue = new AsyncQueue<Shown>(({ bytes }) => bytes);
  #places: readonly Place[] = [];
  #reading: Promise<void> = Promise.resolve();

  constructor(options: EndOptions<KafkaConnection, KafkaFrom>, context: BusContext) {
    const { connection, end } = options;
    this.#link = new Link(context, { ...options, connection: { ...connection, create: false } });
    this.#topics = end.topics;
    this.#note = oddityNotes(context);
  }

  async open(start: Start): Promise<void> {
    try {
      const leaders = await this.#leaders();
      const places = leaders.map((place) => ({ ...place, offset: -1, metadata: '' }));
      this.#places = (await startOffsets(this.#link, places, new Set(), start)).map((place) => ({ ...place }));
    } catch (thrown) {
      throw this.#link.errorOf(thrown);
    }
    this.#link.connected(`watches ${this.#places.length} partitions without a group`);
    this.#reading = this.#read();
  }

  read(room: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    return this.#queue.read(room, signal);
  }

  async close(): Promise<void> {
    this.#link.close();
    await this.#reading;
  }

  async #leaders(): Promise<readonly Omit<Place, 'offset'>[]> {
    const found = await Promise.all(
      this.#topics.map(async (topic) =>
        (await this.#link.partitions(topic)).map(({ partition, leader }) => ({ topic, partition, leader })),
      ),
    );
    return found.flat();
  }

  /** Never rejects. */
  async #read(): Promise<void> {
    const { signal } = this.#link;
    let failures = 0;
    while (!signal.aborted) {
      if (this.#queue.bytes > MOST_READY) {
        await pause(LOOK_MS, signal);
        continue;
      }
      try {
        const byLeader = Map.groupBy(this.#places, ({ leader }) => leader);
        await Promise.all([...byLeader].map(([leader, led]) => this.#fetch(leader, led)));
        if (failures > 0) this.#link.connected('watches again');
        failures = 0;
      } catch (thrown) {
        if (signal.aborted) return;
        failures += 1;
        const error = this.#link.errorOf(thrown);
        this.#link.disconnected(error.message);
        this.#link.reportProblem(error);
        await pause(backoffMs(RETRY, failures), signal);
        await this.#findLeaders();
      }
    }
  }

  async #fetch(leader: number, led: readonly Place[]): Promise<void> {
    const { client } = this.#link;
    if (leader < 0) throw this.#link.error('BUS_UNREACHABLE', `${led[0]?.topic}: a partition has no leader now`);
    await client.connect(leader);
    const wanted = led.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
    const answers = await client.fetch(leader, wanted, LIMITS);
    for (const answer of answers) {
      const place = led.find(({ topic, partition }) => topic === answer.topic && partition === answer.partition);
      if (place === undefined) continue;
      if (answer.error === undefined) this.#take(place, answer);
      else if (answer.error.type === 'OFFSET_OUT_OF_RANGE') {
        const [first] = await listOffsets(this.#link, [place], EARLIEST);
        place.offset = first?.offset ?? place.offset;
      } else throw answer.error;
    }
  }

  #take(place: Place, { records, aborted }: Fetched): void {
    for (const batch of splitBatches(records, aborted)) {
      if (batch.nextOffset <= place.offset) continue;
      if (!batch.isHidden && batch.count > 0) {
        const cursor = openBatch(batch, this.#note);
        for (let left = batch.count; left > 0; left -= 1) {
          const frame = cursor.next(place.topic);
          const offset = batch.baseOffset + cursor.offsetDelta;
          if (offset < place.offset) continue;
          const id = `${place.topic}/${place.partition}/${offset}`;
          this.#queue.push({ id, frame, attempt: undefined, bytes: frame.body?.length ?? 0, settle });
        }
      }
      place.offset = batch.nextOffset;
    }
  }

  async #findLeaders(): Promise<void> {
    const found = await this.#leaders().catch(() => []);
    for (const { topic, partition, leader } of found) {
      const place = this.#places.find((one) => one.topic === topic && one.partition === partition);
      if (place !== undefined) place.leader = leader;
    }
  }
}
