import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Receipt } from '#contract/sink.ts';
import { Subscription } from './subscription.ts';

/** Frames that one group may leave unsettled before the hub refuses more (invariant 4). */
const CAPACITY = 1_000_000;
/** Ids remembered to remove duplicates: at least this many, at most twice. */
const REMEMBERED_IDS = 100_000;

const CONFIRMED: Promise<Receipt> = Promise.resolve('confirmed');

/** A connection that is notified of outages. */
interface Client {
  up(): void;
  down(): void;
}

/**
 * A message bus in this process, for tests, simulations and the demo: durable groups, redelivery, deduplication by id,
 * and switches for what can go wrong.
 */
export class MemoryHub {
  readonly #name: string;
  readonly #groups = new Map<string, Subscription>();
  readonly #clients = new Set<Client>();
  #ids = new Set<string>();
  #olderIds = new Set<string>();
  readonly #open = new Set<(error: SluiceError) => void>();
  #sequence = 0;
  #isDown = false;
  #delayMs = 0;
  #fault: ((frame: Frame) => SluiceError | undefined) | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  get isDown(): boolean {
    return this.#isDown;
  }

  /** The group's subscription, made at the first call. It receives no earlier frames. */
  subscribe(group: string, filters: readonly string[]): Subscription {
    let subscription = this.#groups.get(group);
    if (subscription === undefined) {
      subscription = new Subscription(this.#name, filters);
      this.#groups.set(group, subscription);
    }
    return subscription;
  }

  /** Notifies a connection of outages until the returned function is called. */
  attach(client: Client): () => void {
    this.#clients.add(client);
    return () => {
      this.#clients.delete(client);
    };
  }

  /** Resolves once the frame is stored for every group. Rejects as the switches are set. */
  publish(frame: Frame): Promise<Receipt> {
    const refusal = this.#refusal(frame);
    if (refusal !== undefined) return Promise.reject(refusal);
    const receipt = this.#store(frame);
    if (this.#delayMs === 0) return receipt === 'confirmed' ? CONFIRMED : Promise.resolve(receipt);
    return this.#late(receipt);
  }

  /** Breaks all connections until `up`. Unconfirmed publishes fail, although they may have been stored. */
  down(): void {
    if (this.#isDown) return;
    this.#isDown = true;
    for (const fail of this.#open) fail(new SluiceError('SINK_DOWN', 'the hub is down'));
    this.#open.clear();
    for (const group of this.#groups.values()) group.interrupt();
    for (const client of this.#clients) client.down();
  }

  up(): void {
    if (!this.#isDown) return;
    this.#isDown = false;
    for (const group of this.#groups.values()) group.resume();
    for (const client of this.#clients) client.up();
  }

  /** `down` and `up` at once: every connection starts again. */
  crash(): void {
    this.down();
    this.up();
  }

  /** Delays confirmations by so many milliseconds; 0 ends it. */
  slow(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  /** Frames for which `fault` returns an error are not stored and fail with it; undefined ends it. */
  reject(fault: ((frame: Frame) => SluiceError | undefined) | undefined): void {
    this.#fault = fault;
  }

  #refusal(frame: Frame): SluiceError | undefined {
    if (this.#isDown) return new SluiceError('SINK_DOWN', 'the hub is down');
    for (const group of this.#groups.values()) {
      if (group.unsettled >= CAPACITY)
        return new SluiceError('SINK_TIMEOUT', `a group of the hub holds ${CAPACITY} frames`);
    }
    return this.#fault?.(frame);
  }

  #store(frame: Frame): Receipt {
    if (frame.id !== undefined && this.#isKnown(frame.id)) return 'duplicate';
    this.#sequence += 1;
    for (const group of this.#groups.values()) group.offer(this.#sequence, frame);
    return 'confirmed';
  }

  #isKnown(id: string): boolean {
    if (this.#ids.has(id) || this.#olderIds.has(id)) return true;
    this.#ids.add(id);
    if (this.#ids.size >= REMEMBERED_IDS) {
      this.#olderIds = this.#ids;
      this.#ids = new Set();
    }
    return false;
  }

  #late(receipt: Receipt): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#open.delete(fail);
        resolve(receipt);
      }, this.#delayMs);
      const fail = (error: SluiceError): void => {
        clearTimeout(timer);
        reject(error);
      };
      this.#open.add(fail);
    });
  }
}

const hubs = new Map<string, MemoryHub>();

/** The hub of this name in this process, made at the first call. */
export function memoryHub(name: string): MemoryHub {
  let hub = hubs.get(name);
  if (hub === undefined) {
    hub = new MemoryHub(name);
    hubs.set(name, hub);
  }
  return hub;
}
