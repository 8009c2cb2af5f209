import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import type { Frame } from '#contract/frame.ts';
import type { ConformanceLaw, Promises } from '../conformance-law.ts';
import { type Ear, openSink, openSource } from '../ends.ts';
import { frameOf, textOf } from '../frame-of.ts';
import type { Ground, Path } from '../ground.ts';
import { FLAWLESS, OrderJudge } from '../order.ts';
import { sendAll } from '../send-all.ts';

// Few keys and long runs: many keys in turn hide a swap of neighbours.
const KEYS = ['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7'];
const RUN = 25;
const ROUNDS = 6;
const TOTAL = KEYS.length * RUN * ROUNDS;
/** Long enough for sends to meet a bus that is away. */
const OUTAGE_MS = 20;
/** So many deliveries are held unsettled behind the newest, so that a cut finds some. */
const HELD = 40;

function bursts(ground: Ground): Frame[] {
  const frames: Frame[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const key of KEYS) {
      for (let at = 1; at <= RUN; at += 1) {
        const number = round * RUN + at;
        frames.push(frameOf(ground, `${key} ${number}`, { key, address: ground.address(key), id: `${key}-${number}` }));
      }
    }
  }
  return frames;
}

/** Cuts and mends the path whenever the count passes one of the marks. */
function cutAt(path: Path, marks: readonly number[]): { pass(count: number): void; done(): Promise<void> } {
  const left = [...marks];
  let mending = Promise.resolve();
  return {
    pass(count) {
      if (left[0] === undefined || count < left[0]) return;
      left.shift();
      mending = mending.then(async () => {
        await path.cut();
        await sleep(OUTAGE_MS);
        await path.mend();
      });
    },
    done: () => mending,
  };
}

async function judgeOrder(ground: Ground, sinkMarks: readonly number[], sourceMarks: readonly number[]): Promise<void> {
  await using reader = await openSource(ground);
  await using writer = await openSink(ground);
  const sinkCuts = cutAt(ground.sinkPath, sinkMarks);
  const sourceCuts = cutAt(ground.sourcePath, sourceMarks);
  const judge = new OrderJudge(KEYS, RUN * ROUNDS);
  /** Delivery ids by frame id: two of them are two copies on the bus. */
  const copies = new Map<string, Set<string>>();
  const sending = sendAll(ground, writer.sink, bursts(ground), {
    // Else some sinks would confirm all of them before the first cut.
    maxInFlight: 64,
    onConfirmed: (count) => sinkCuts.pass(count),
  });
  // Heard by `Promise.all` below; a failure of the reading must not leave it unheard.
  sending.catch(() => {});
  const held: Delivery[] = [];
  let judged = 0;
  const reading = reader.readUntil((read) => {
    for (; judged < read.length; judged += 1) {
      const delivery = read[judged];
      if (delivery === undefined) continue;
      const [key = '', number] = textOf(delivery.frame).split(' ');
      judge.see(key, Number(number));
      const frameId = delivery.frame.id ?? '';
      copies.set(frameId, (copies.get(frameId) ?? new Set()).add(delivery.id));
      held.push(delivery);
    }
    const done = judge.distinct === TOTAL;
    while (held.length > (done ? 0 : HELD)) held.shift()?.settle(ACCEPT);
    sourceCuts.pass(judge.distinct);
    return done;
  });
  await Promise.all([reading, sending]).catch((cause: unknown) => {
    throw new Error(`order: ${JSON.stringify(judge.verdict())}`, { cause });
  });
  await Promise.all([sinkCuts.done(), sourceCuts.done()]);
  assert.deepEqual(judge.verdict(), FLAWLESS);
  const losses = ({ events }: Ear): number => events.filter(({ kind }) => kind === 'disconnected').length;
  assert.ok(losses(writer.ear) >= sinkMarks.length, 'the sink felt every cut');
  assert.ok(losses(reader.ear) >= Math.min(1, sourceMarks.length), 'the source felt a cut');
  if (!ground.sink.deduplicates || !ground.source.carriesHeaders) return;
  const twice = [...copies.values()].filter((ids) => ids.size > 1).length;
  assert.equal(twice, 0, `${twice} frames stand on the bus twice although it removes duplicates`);
}

const onlyOrdered = ({ source, sink }: Promises): string | undefined =>
  source.ordered === 'none' || sink.ordered === 'none' ? 'the bus promises no order' : undefined;

const order: ConformanceLaw = {
  name: 'order',
  sentence: 'frames of one key arrive in the order in which they were sent, and all of them',
  excludes: onlyOrdered,
  judge: (ground) => judgeOrder(ground, [], []),
};

const orderUnderCuts: ConformanceLaw = {
  name: 'order-under-cuts',
  sentence: 'cuts of the links lose nothing and reorder nothing within a key',
  excludes: onlyOrdered,
  // A source that promises at most once loses what is sent while it is away, and no law says otherwise.
  judge: (ground) => judgeOrder(ground, [100, 400, 700, 1000], ground.source.redelivers ? [200, 500, 800] : []),
};

export const SEQUENCE: readonly ConformanceLaw[] = [order, orderUnderCuts];
