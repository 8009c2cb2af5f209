// `node taker.ts FOLDER FIRST LAST SEED [MODE]`: takes the messages FIRST to LAST into a spool and sends them on at
// its own pace, until it is killed. `marks` in the folder says `a N` for each message that the source heard accept of, and
// `d N` for each that the sink has. Modes: `forgets`: the store does not wait for the disk. `ids`: the ids of processed messages
// are in the spool, and `e N` says that one is durable. `apart`: they are, and the messages are removed before.
import { systemClock } from '../../../runtime/engine/clock.ts';
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ACCEPT, type Delivery } from '../../../runtime/contract/delivery.ts';
import type { Demand } from '../../../runtime/contract/source.ts';
import { StoredIds } from '../../../runtime/store/processed-ids.ts';
import { LogSync, logSyncOf } from '../../../runtime/store/log-sync.ts';
import { WatchedDatabase } from '../../../runtime/store/watched-database.ts';
import { openSpoolStore, type SpoolServices } from '../../../runtime/store/spool/open-spool-store.ts';
import { SpoolSource } from '../../../runtime/store/spool/spool-source.ts';
import { openDatabase } from '../../../runtime/store/sqlite.ts';
import { dice } from '../../kill/random.ts';
import { fileIn, MIB } from './spool-fixture.ts';
import { messageOfNumber } from './taken-message.ts';

const [, , folder = '', first = '1', last = '1', seed = '1', mode = ''] = process.argv;
const MOST_IDS = 65_536;
const roll = dice(Number(seed));
const marks = openSync(join(folder, 'marks'), 'a');
const mark = (kind: 'a' | 'd' | 'e', id: string): void => void writeSync(marks, `${kind} ${id}\n`);

// It ends when it is killed.
setInterval(() => {}, 60_000);

let next = Number(first);
const source = {
  async read({ messages }: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    await sleep(roll(0, 3) === 0 ? roll(0, 8) : 0);
    if (next > Number(last)) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    const count = Math.min(messages, roll(1, 120), Number(last) - next + 1);
    return Array.from({ length: count }, () => {
      const id = String(next);
      const settle = (): void => mark('a', id);
      return { id, frame: messageOfNumber((next += 1) - 1), attempt: undefined, settle };
    });
  },
  close: () => Promise.resolve(),
};

/** As a route opens its spool; a disk that is not waited for keeps nothing for certain. */
const services: SpoolServices = {
  watch: (path, open) => new WatchedDatabase(path, { open }),
  syncing: (database) =>
    database instanceof WatchedDatabase && mode === 'forgets'
      ? new LogSync(database, () => Promise.resolve())
      : logSyncOf(database),
};
const settings = { maxBytes: 64 * MIB, keeps: 'all', rememberedIds: 500, maxIds: MOST_IDS } as const;
const { store } = openSpoolStore(fileIn(folder), openDatabase, settings, services);
const spool = new SpoolSource(source, store, {
  window: { messages: 200, bytes: MIB },
  compactionKey: () => ({ lane: undefined, rank: undefined }),
  nowMs: Date.now,
  after: (ms, run) => systemClock.after(ms, run),
  onPause: () => {},
});
const hasIds = mode === 'ids' || mode === 'apart';
const ids = hasIds
  ? new StoredIds(store.openIds('r', MOST_IDS), {
      bounds: { most: MOST_IDS, windowMs: undefined },
      nowMs: Date.now,
      save: (write, delivery) => spool.save(write, delivery),
      isTogether: false,
    })
  : undefined;
const { signal } = new AbortController();
for (;;) {
  const room = { messages: roll(1, 100), bytes: MIB };
  for (const delivery of await spool.read(room, signal)) {
    const end = async (): Promise<void> => {
      mark('d', delivery.id);
      if (mode === 'apart') {
        delivery.settle(ACCEPT);
        await sleep(5);
      }
      await ids?.add({ id: delivery.id, lane: 'k', sequence: Number(delivery.id) }, delivery);
      if (hasIds) mark('e', delivery.id);
      delivery.settle(ACCEPT);
    };
    // Some are confirmed at once, others later: the order of the ends is any.
    if (roll(0, 4) === 0) setTimeout(() => void end(), roll(0, 10));
    else void end();
  }
  if (roll(0, 2) > 0) await sleep(roll(0, 12));
}
