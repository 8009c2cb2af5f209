import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { type ConformanceLaw, onlyRedelivering } from '../conformance-law.ts';
import { type OpenSource, openSink, openSource } from '../ends.ts';
import { hasAll, numbered, textOf } from '../frame-of.ts';
import type { Ground } from '../ground.ts';
import { sendAll } from '../send-all.ts';

const COUNT = 200;
const LEFT = 20;
const STORM = 1000;
const VISITS = 4;
/** How long a visitor of the storm stays; it may get nothing at all. */
const VISIT_MS = 150;

/** Reads on until stopped. */
interface Reading {
  stop(): Promise<void>;
}

function readOn({ source, ear }: OpenSource, take: (delivery: Delivery) => void): Reading {
  const over = new AbortController();
  const reading = (async (): Promise<void> => {
    while (!over.signal.aborted) {
      for (const delivery of await source.read(ear.context.window, over.signal)) take(delivery);
    }
  })();
  return {
    stop() {
      over.abort();
      return reading;
    },
  };
}

const settling =
  (seen: Set<string>) =>
  (delivery: Delivery): void => {
    seen.add(textOf(delivery.frame));
    delivery.settle(ACCEPT);
  };

const awaitAll = (ground: Ground, wanted: readonly string[], seen: ReadonlySet<string>, who: string): Promise<true> =>
  waitFor(() => hasAll(wanted, seen), ground.patienceMs, `${who} to have seen all ${wanted.length}`).catch(
    (cause: unknown) => {
      throw new Error(`${who} saw ${seen.size} of ${wanted.length}`, { cause });
    },
  );

const twoSources: ConformanceLaw = {
  name: 'two-sources',
  sentence: 'two bridges on one subscription lose nothing between them, and one gets what the other left unsettled',
  async judge(ground) {
    await using one = await openSource(ground, undefined, ' one');
    await using other = await openSource(ground, undefined, ' other');
    await using writer = await openSink(ground);
    const frames = numbered(ground, COUNT + LEFT);
    const all = frames.map(textOf);
    const seen = new Set<string>();
    const first = [one, other].map((reader) => readOn(reader, settling(seen)));
    await sendAll(ground, writer.sink, frames.slice(0, COUNT));
    try {
      await awaitAll(ground, all.slice(0, COUNT), seen, 'both together');
    } finally {
      await Promise.all(first.map((reading) => reading.stop()));
    }
    if (!ground.source.redelivers) return;
    const left = all.slice(COUNT);
    const heldByOne = new Set<string>();
    const heldByOther = new Set<string>();
    const toOne = readOn(one, ({ frame }) => heldByOne.add(textOf(frame)));
    const toOther = readOn(other, ({ frame }) => heldByOther.add(textOf(frame)));
    const both = {
      get size() {
        return heldByOne.size + heldByOther.size;
      },
    };
    try {
      await sendAll(ground, writer.sink, frames.slice(COUNT));
      await waitFor(
        () => hasAll(left, [...heldByOne, ...heldByOther]),
        ground.patienceMs,
        `both together to have seen ${LEFT} more, not only ${both.size}`,
      );
      await toOne.stop();
      await one.close();
      await awaitAll(ground, left, heldByOther, 'the one that stayed');
    } finally {
      await Promise.all([toOne.stop(), toOther.stop()]);
    }
  },
};

const comeAndGo: ConformanceLaw = {
  name: 'come-and-go',
  sentence: 'bridges that come to a subscription and go again under load, with deliveries unsettled, lose nothing',
  excludes: onlyRedelivering,
  async judge(ground) {
    await using resident = await openSource(ground, undefined, ' resident');
    await using writer = await openSink(ground);
    const frames = numbered(ground, STORM);
    const settled = new Set<string>();
    const staying = readOn(resident, settling(settled));
    const sending = sendAll(ground, writer.sink, frames, { maxInFlight: 16 });
    // Heard below.
    sending.catch(() => {});
    try {
      for (let visit = 0; visit < VISITS; visit += 1) {
        await using visitor = await openSource(ground, undefined, ` visitor ${visit}`);
        let count = 0;
        const visiting = readOn(visitor, (delivery) => {
          count += 1;
          // What is left unsettled is owed to those who stay.
          if (count % 2 === 0) settling(settled)(delivery);
        });
        await waitFor(() => count > 0, VISIT_MS, 'something to come').catch(() => {});
        await visiting.stop();
      }
      await sending;
      await awaitAll(ground, frames.map(textOf), settled, 'all of them');
    } finally {
      await staying.stop();
    }
  },
};

export const COMPANY: readonly ConformanceLaw[] = [twoSources, comeAndGo];
