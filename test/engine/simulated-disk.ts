import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Delivery } from '../../runtime/contract/delivery.ts';
import type { Demand, Source } from '../../runtime/contract/source.ts';
import { type ProcessedIds, REMEMBERED_IDS } from '../../runtime/contract/processed-ids.ts';
import { CLASSES, type TrafficClass } from '../../runtime/contract/traffic-class.ts';
import { StoredIds } from '../../runtime/store/processed-ids.ts';
import { openSpoolStore } from '../../runtime/store/spool/open-spool-store.ts';
import { type CompactionKey, SpoolSource } from '../../runtime/store/spool/spool-source.ts';
import type { SpoolStore } from '../../runtime/store/spool/spool-store.ts';
import { openDatabase } from '../../runtime/store/sqlite.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { type Life, never } from './simulated-world.ts';
import type { VirtualClock } from './virtual-clock.ts';

const folder = temporaryFolder('simulated-disk');
process.once('exit', () => folder[Symbol.dispose]());
let files = 0;

/** The disk of a spool over the lives of a process. What a commit has taken stays; what waited for one is gone with the process. */
export class SimulatedDisk implements Disposable {
  readonly #file: string;
  readonly #clock: VirtualClock;
  readonly #class: TrafficClass;
  readonly #compactionKey: (delivery: Delivery) => CompactionKey;
  #store: SpoolStore | undefined;
  #source: SpoolSource | undefined;
  #ids: ProcessedIds | undefined;

  /** `isNumbered`: whether the route names a sequence. */
  constructor(clock: VirtualClock, trafficClass: TrafficClass, isNumbered: boolean) {
    this.#clock = clock;
    this.#class = trafficClass;
    this.#compactionKey = ({ frame }) => ({
      lane: frame.address,
      rank: isNumbered ? Number(Buffer.from(frame.body ?? []).toString()) : undefined,
    });
    files += 1;
    this.#file = join(folder.path, `${files}.sqlite`);
  }

  get isEmpty(): boolean {
    return this.#store === undefined || this.#source === undefined || this.#store.messages === 0;
  }

  /** A spool before the source of this life. */
  spool(life: Life, source: Source, window: Demand): Source {
    const { keeps } = CLASSES[this.#class];
    const open = (path: string) => {
      const database = openDatabase(path);
      // The process dies here, and the power stays.
      const exec = database.exec.bind(database);
      database.exec = (sql) => exec(sql.replaceAll(/synchronous\s*=\s*FULL/gi, 'synchronous = OFF'));
      return database;
    };
    const settings = { maxBytes: 8 * 1024 ** 2, keeps, rememberedIds: window.messages + 64 };
    const { store } = openSpoolStore(this.#file, open, settings);
    this.#store = store;
    const spool = new SpoolSource(source, store, {
      window,
      compactionKey: keeps === 'newest' ? this.#compactionKey : () => ({ lane: undefined, rank: undefined }),
      nowMs: () => this.#clock.nowMs(),
      after: (ms, run) => this.#clock.after(ms, () => (life.isOver ? undefined : run())),
      onPause() {},
    });
    this.#source = spool;
    this.#ids = new StoredIds(store.openIds('r', REMEMBERED_IDS), {
      bounds: { most: REMEMBERED_IDS, windowMs: undefined },
      nowMs: () => this.#clock.nowMs(),
      save: (write, delivery) => (life.isOver ? never() : spool.save(write, delivery)),
      isTogether: false,
    });
    return spool;
  }

  /** The ids that are in the file of the spool of this life. */
  get processedIds(): ProcessedIds | undefined {
    return this.#ids;
  }

  died(): void {
    this.#store?.close();
    this.#store = undefined;
    this.#source = undefined;
    this.#ids = undefined;
  }

  [Symbol.dispose](): void {
    this.died();
    for (const end of ['', '-wal', '-shm', '-journal']) rmSync(`${this.#file}${end}`, { force: true });
  }
}
