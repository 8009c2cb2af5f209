import { setTimeout as sleep } from 'node:timers/promises';
import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { type ConformanceTest, onlyRedelivering } from '../conformance-test.ts';
import { beginSource, openSink, type OpeningSource } from '../ends.ts';
import { hasAll, numbered, textOf } from '../frame-of.ts';
import type { Fixture } from '../fixture.ts';
import { sendAll } from '../send-all.ts';

const COUNT = 200;
const LEFT = 20;
const STORM = 1000;
const VISITS = 4;
/** How long a visitor of the storm waits to be let in, and then for something to come; it may get nothing at all. */
const VISIT_MS = 500;

/** A bridge that reads on, as soon as the bus lets it in, until it leaves. */
interface Bridge {
  /** What becomes of deliveries from now on. */
  take: (delivery: Delivery) => void;
  /** Closes the source, or gives its opening up. */
  leave(): Promise<void>;
}

function bridge({ recorded, opened }: OpeningSource, take: (delivery: Delivery) => void): Bridge {
  const over = new AbortController();
  const self: Bridge = {
    take,
    async leave() {
      over.abort();
      recorded.stop.abort();
      await reading;
    },
  };
  const reading = (async (): Promise<void> => {
    // An opening that was given up rejects.
    const open = await opened.catch(() => undefined);
    if (open === undefined) return;
    try {
      while (!over.signal.aborted) {
        for (const delivery of await open.source.read(recorded.context.window, over.signal)) self.take(delivery);
      }
    } finally {
      await open.close();
    }
  })();
  return self;
}

const settling =
  (seen: Set<string>) =>
  (delivery: Delivery): void => {
    seen.add(textOf(delivery.frame));
    delivery.settle(ACCEPT);
  };

async function awaitAll(fixture: Fixture, wanted: readonly string[], seen: () => Iterable<string>): Promise<void> {
  await waitFor(() => hasAll(wanted, seen()), fixture.patienceMs, 'all to be seen').catch((cause: unknown) => {
    const missing = wanted.filter((text) => !hasAll([text], seen()));
    throw new Error(`${missing.length} of ${wanted.length} did not come, the first is ${missing[0]}`, { cause });
  });
}

const twoSources: ConformanceTest = {
  name: 'two-sources',
  sentence: 'two bridges on one subscription lose nothing between them, and one gets what the other left unsettled',
  async judge(fixture) {
    const seen = new Set<string>();
    const first = beginSource(fixture, undefined, ' one');
    await first.opened;
    const one = bridge(first, settling(seen));
    const other = bridge(beginSource(fixture, undefined, ' other'), settling(seen));
    try {
      await using writer = await openSink(fixture);
      const frames = numbered(fixture, COUNT + LEFT);
      const all = frames.map(textOf);
      await sendAll(fixture, writer.sink, frames.slice(0, COUNT));
      await awaitAll(fixture, all.slice(0, COUNT), () => seen);
      if (!fixture.source.redelivers) return;
      const byOne = new Set<string>();
      const byOther = new Set<string>();
      one.take = ({ frame }) => byOne.add(textOf(frame));
      other.take = ({ frame }) => byOther.add(textOf(frame));
      await sendAll(fixture, writer.sink, frames.slice(COUNT));
      await awaitAll(fixture, all.slice(COUNT), () => [...byOne, ...byOther]);
      // Who holds more goes, so that there is something to inherit.
      const [leaver, heir] = byOne.size > byOther.size ? [one, byOther] : [other, byOne];
      await leaver.leave();
      await awaitAll(fixture, all.slice(COUNT), () => heir);
    } finally {
      await Promise.all([one.leave(), other.leave()]);
    }
  },
};

const comeAndGo: ConformanceTest = {
  name: 'come-and-go',
  sentence: 'bridges that come to a subscription and go again under load, with deliveries unsettled, lose nothing',
  excludes: onlyRedelivering,
  async judge(fixture) {
    const settled = new Set<string>();
    const first = beginSource(fixture, undefined, ' resident');
    await first.opened;
    const resident = bridge(first, settling(settled));
    try {
      await using writer = await openSink(fixture);
      const frames = numbered(fixture, STORM);
      const sending = sendAll(fixture, writer.sink, frames, { maxInFlight: 16 });
      // Heard below.
      sending.catch(() => {});
      for (let visit = 0; visit < VISITS; visit += 1) await visitOf(fixture, ` visitor ${visit}`, settled);
      await sending;
      await awaitAll(fixture, frames.map(textOf), () => settled);
    } finally {
      await resident.leave();
    }
  },
};

/** Settles every other delivery: what is left is owed to those who stay. */
async function visitOf(fixture: Fixture, instance: string, settled: Set<string>): Promise<void> {
  let count = 0;
  const opening = beginSource(fixture, undefined, instance);
  const visitor = bridge(opening, (delivery) => {
    count += 1;
    if (count % 2 === 0) settling(settled)(delivery);
  });
  await Promise.race([opening.opened, sleep(VISIT_MS)]);
  await waitFor(() => count > 0, VISIT_MS, 'something to come').catch(() => {});
  await visitor.leave();
}

export const COMPANY: readonly ConformanceTest[] = [twoSources, comeAndGo];
